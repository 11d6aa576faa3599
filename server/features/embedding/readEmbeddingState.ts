import type { Db } from "../../db";
import { AppError } from "../../errors";
import type { BlobStore } from "../../storage";
import type { ChunkRow, PoolState } from "../features.db";
import { selectEmbeddingChunks } from "../features.db";
import type { EmbeddingState } from "../planBuild";

/** The chunks of a set up to one of them, all of one width. @throws AppError E_PRECONDITION when widths differ. */
export async function chunksOfVersion(
  db: Db,
  projectId: number,
  name: string,
  throughChunk: number,
): Promise<ChunkRow[]> {
  const chunks = (await selectEmbeddingChunks(db, projectId, name)).filter((chunk) => chunk.id <= throughChunk);
  const other = chunks.find((chunk) => chunk.dim !== chunks[0].dim);
  if (other) {
    throw new AppError(
      "E_PRECONDITION",
      `The embedding set "${name}" holds vectors of ${chunks[0].dim} and of ${other.dim} numbers. Ingest one kind under one name.`,
    );
  }
  return chunks;
}

/** What vectors there are, compared with the active version. Reads the rows (4 bytes each) of the chunks. */
export async function readEmbeddingState(
  { db, storage }: { db: Db; storage: BlobStore },
  projectId: number,
  name: string,
  state: PoolState,
): Promise<EmbeddingState> {
  const chunks = await selectEmbeddingChunks(db, projectId, name);
  const active = state.versions.find((version) => version.version === state.activeFeatureVersion);
  const isSameSet = active?.spec.kind === "embedding" && active.spec.name === name;
  const known = isSameSet ? (active.report.throughChunk ?? 0) : 0;
  let nRows = isSameSet ? active.nRows : 0;
  let lowestNewRow = Number.POSITIVE_INFINITY;
  for (const chunk of chunks) {
    if (chunk.id <= known) continue;
    const rows = new Int32Array(chunk.nRows);
    await storage.readRange(chunk.key, 0, new Uint8Array(rows.buffer));
    for (const row of rows) {
      nRows = Math.max(nRows, row + 1);
      lowestNewRow = Math.min(lowestNewRow, row);
    }
  }
  return { throughChunk: chunks.at(-1)?.id ?? 0, nRows, lowestNewRow };
}
