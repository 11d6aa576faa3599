import { AppError } from "../errors";
import type { OpenLimits } from "../formats";
import { checkIsText, openFile } from "../formats";
import type { BlobKey, BlobStore } from "../storage";

/** Decompressed bytes at the start of a file that its format is told by. */
export const HEAD_BYTES = 64 * 1024;

export interface OpenedUpload {
  isGzip: boolean;
  head: Uint8Array;
  /** All bytes, decompressed, the head included. Read once. */
  chunks: AsyncIterable<Uint8Array>;
  bytesRead(): number;
  /** Ends reading when chunks are not read to their end. */
  close(): Promise<void>;
}

/** Opens a stored upload and looks at its beginning. @throws E_UNSUPPORTED_FORMAT when it is no UTF-8 text. */
export async function openUpload(
  storage: BlobStore,
  key: BlobKey,
  options: { signal?: AbortSignal; limits?: Partial<OpenLimits> } = {},
): Promise<OpenedUpload> {
  const file = await openFile(storage.stream(key, { signal: options.signal }), options.limits);
  const iterator = file.chunks[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    first.push(next.value);
    size += next.value.length;
  }
  const head = Buffer.concat(first).subarray(0, HEAD_BYTES);
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* first;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await file.close();
    }
  }
  try {
    checkIsText(head);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { isGzip: file.isGzip, head, chunks: chunks(), bytesRead: file.bytesRead, close: file.close };
}

/**
 * Decompresses a gzip upload once without keeping anything, so that a damaged file or a decompression bomb is found
 * before the first row of it is taken.
 * @throws E_TOO_LARGE, E_BAD_INPUT.
 */
export async function checkWholeGzip(storage: BlobStore, key: BlobKey, signal: AbortSignal): Promise<void> {
  const file = await openFile(storage.stream(key, { signal }));
  try {
    if (file.isGzip) for await (const _ of file.chunks) if (signal.aborted) throw signal.reason;
  } finally {
    await file.close();
  }
}

export function uploadNotFound(): AppError {
  return new AppError(
    "E_NOT_FOUND",
    "There is no such upload in this project. Send the file again: POST /api/v1/projects/<id>/uploads?fileName=…",
  );
}
