import { join } from "node:path";
import { getEnv } from "../env";
import { openFsBlobStore } from "./fs/openFsBlobStore";
import type { BlobStore, StorageAddress } from "./port";

export { contentKey, hashOfContentKey, parseBlobKey } from "./blobKey";
export { openFsBlobStore, sweepDrafts } from "./fs/openFsBlobStore";
export type * from "./port";

/** The folder of blobs inside a data folder. */
export function blobFolder(dataDir: string): string {
  return join(dataDir, "blobs");
}

/** Opens the store that another process described by its address. */
export function openBlobStore(address: StorageAddress): BlobStore {
  return openFsBlobStore(address.root);
}

let store: BlobStore | undefined;

/** The process's store, in the data folder. */
export function getStorage(): BlobStore {
  store ??= openFsBlobStore(blobFolder(getEnv().dataDir));
  return store;
}
