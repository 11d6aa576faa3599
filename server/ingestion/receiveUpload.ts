import { randomUUID } from "node:crypto";
import { LIMITS } from "@/contracts/limits";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { insertUpload } from "./imports.db";
import type { IngestContext } from "./ingestContext";
import { lockUploadKey } from "./sweepUploads.db";

const FILE_NAME_LENGTH_MAX = 200;

export interface UploadInput {
  /** Shown to people and used to tell the format; never a path. */
  fileName: string;
  body: AsyncIterable<Uint8Array>;
  signal?: AbortSignal;
}

export interface ReceivedUpload {
  uploadId: string;
  fileName: string;
  sizeBytes: number;
}

/** The last part of a path, without control characters, of bounded length. */
export function cleanFileName(name: string): string {
  const last = name.split(/[/\\]/).pop() ?? "";
  const clean = last.replace(/[\p{Cc}\p{Surrogate}\u2028\u2029]/gu, "").trim();
  return clean.slice(0, FILE_NAME_LENGTH_MAX) || "upload";
}

/**
 * Streams a file into storage under its content's hash and keeps a note of it. Memory: one chunk. A body that breaks off
 * or is too large leaves nothing behind; the same file sent twice is stored once and noted twice.
 * @throws E_TOO_LARGE, E_BAD_INPUT for an empty file, E_UNAVAILABLE when an old copy of it is removed at this moment.
 */
export async function receiveUpload(ctx: IngestContext, input: UploadInput): Promise<ReceivedUpload> {
  const { db, storage, clock, actor, project } = ctx;
  const fileName = cleanFileName(input.fileName);
  const { key, size } = await storage.putContent(notEmpty(input.body), {
    sizeMax: LIMITS.uploadBytes,
    signal: input.signal,
  });
  const uploadId = randomUUID();
  await withTransaction(db, async (tx) => {
    // An older copy of the same file may have been cleaned away after these bytes were found to be stored already.
    await lockUploadKey(tx, key);
    if (!(await storage.stat(key))) {
      throw new AppError("E_UNAVAILABLE", "An old copy of this very file was just being removed. Send it again.");
    }
    await insertUpload(tx, {
      id: uploadId,
      projectId: project.id,
      fileName,
      blobKey: key,
      sizeBytes: size,
      createdBy: actor.id ?? "system",
      now: clock.now(),
    });
  });
  return { uploadId, fileName, sizeBytes: size };
}

async function* notEmpty(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    yield chunk;
  }
  if (size === 0) throw new AppError("E_BAD_INPUT", "The file is empty. Choose a file with at least one record.");
}
