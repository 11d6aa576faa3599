import { randomUUID } from "node:crypto";
import type { AttachResult } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { appendAuditLog } from "../audit";
import type { Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { refuseArchived } from "../projects";
import type { IngestContext } from "./ingestContext";
import type { VectorKind } from "./vectors.db";
import {
  insertVectorChunk,
  lockVectorSet,
  selectRowsByExternalId,
  selectVectorChunks,
  selectVectorWidth,
} from "./vectors.db";

const FLOAT_BYTES = 4;
const UNKNOWN_LISTED = 20;

/** Little-endian float32, n × width row by row: as base64, or as they are. */
export type VectorBytes = string | Uint8Array;

export interface VectorChunk {
  kind: VectorKind;
  name: string;
  externalIds: readonly string[];
  /** n × width, checked. */
  values: Float32Array;
  width: number;
  /** Asks for what has to follow, in the transaction of the chunk. */
  request: (tx: Tx) => Promise<void>;
}

function bytesOf(data: VectorBytes): Uint8Array {
  if (typeof data !== "string") return data;
  // Node decodes base64 leniently: a character that does not belong would be passed over and shift every number after it.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) {
    throw new AppError("E_BAD_INPUT", "data is not base64 (letters, digits, +, / and = at the end only).", {
      details: { field: "data" },
    });
  }
  return Buffer.from(data, "base64");
}

/**
 * Reads n × width numbers. @throws E_BAD_INPUT when there are more or fewer bytes, or a number is not finite (the message
 * names item and position), E_TOO_LARGE.
 */
export function readFloats(data: VectorBytes, externalIds: readonly string[], width: number): Float32Array {
  const bytes = bytesOf(data);
  const n = externalIds.length;
  if (bytes.length > LIMITS.ingestBytes) {
    throw new AppError(
      "E_TOO_LARGE",
      `The numbers take ${bytes.length} bytes; a call takes at most ${LIMITS.ingestBytes}.`,
    );
  }
  if (bytes.length !== n * width * FLOAT_BYTES) {
    throw new AppError(
      "E_BAD_INPUT",
      `Expected ${n} items × ${width} numbers × ${FLOAT_BYTES} bytes = ${n * width * FLOAT_BYTES} bytes of float32, got ${bytes.length}.`,
      { details: { field: "data", expected: n * width * FLOAT_BYTES, got: bytes.length } },
    );
  }
  // A copy: the bytes of a request need not start at a multiple of four.
  const values = new Float32Array(n * width);
  new Uint8Array(values.buffer).set(bytes);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const item = Math.floor(i / width);
    throw badNumber(externalIds, item, i % width, `${values[i]} is not a finite number`);
  }
  return values;
}

/** E_BAD_ROWS about one number of one item. */
export function badNumber(externalIds: readonly string[], item: number, position: number, what: string): AppError {
  return new AppError(
    "E_BAD_ROWS",
    `Nothing was attached: item ${item} ("${externalIds[item].slice(0, 80)}"), number ${position}: ${what}.`,
    { details: { field: `data.${item}.${position}`, externalId: externalIds[item] } },
  );
}

/** Rows of all items, in order. @throws E_BAD_ROWS naming ids that come twice or that no item has. */
async function rowsOf(ctx: IngestContext, externalIds: readonly string[]): Promise<Int32Array> {
  const seen = new Set<string>();
  externalIds.forEach((id, i) => {
    if (seen.has(id)) {
      throw new AppError(
        "E_BAD_ROWS",
        `Nothing was attached: id "${id.slice(0, 80)}" comes twice, again as item ${i}.`,
        {
          details: { field: `externalIds.${i}` },
        },
      );
    }
    seen.add(id);
  });
  const rows = await selectRowsByExternalId(ctx.db, ctx.project.id, externalIds);
  const unknown = externalIds.filter((id) => !rows.has(id));
  if (unknown.length > 0) {
    const listed = unknown.slice(0, UNKNOWN_LISTED);
    const shown = listed.slice(0, 5).map((id) => `"${id.slice(0, 80)}"`);
    throw new AppError(
      "E_BAD_ROWS",
      `Nothing was attached: ${unknown.length} of ${externalIds.length} ids name no item of this project: ${shown.join(", ")}${unknown.length > shown.length ? ", …" : ""}. Ingest the items first.`,
      { details: { field: "externalIds", nUnknown: unknown.length, unknown: listed } },
    );
  }
  return Int32Array.from(externalIds, (id) => rows.get(id) as number);
}

/**
 * Stores vectors of many items as one immutable chunk: a blob (int32 rows, then float32 values) and a row about it in one
 * transaction. A later chunk's vector of an item replaces an earlier one's when chunks are put together. All chunks of a
 * set have one width.
 * @throws E_BAD_ROWS, E_CONFLICT for another width.
 */
export async function attachVectors(ctx: IngestContext, chunk: VectorChunk): Promise<AttachResult> {
  const { db, storage, clock, project, actor } = ctx;
  refuseArchived(project);
  const { kind, name, width, values } = chunk;
  const rows = await rowsOf(ctx, chunk.externalIds);
  const blob = new Uint8Array(rows.byteLength + values.byteLength);
  blob.set(new Uint8Array(rows.buffer), 0);
  blob.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), rows.byteLength);
  const blobKey = `projects/${project.id}/${kind}s/${randomUUID()}`;
  await storage.put(blobKey, blob);
  try {
    await withTransaction(db, async (tx) => {
      const now = clock.now();
      await lockVectorSet(tx, kind, project.id, name);
      const known = await selectVectorWidth(tx, kind, project.id, name);
      if (known !== undefined && known !== width) {
        throw new AppError(
          "E_CONFLICT",
          `The set "${name}" holds vectors of ${known} numbers; these have ${width}. Use another name for another model.`,
          { details: { expected: known, got: width } },
        );
      }
      await insertVectorChunk(tx, kind, {
        projectId: project.id,
        name,
        width,
        nRows: rows.length,
        blobKey,
        now,
      });
      await chunk.request(tx);
      await appendAuditLog(tx, {
        actor,
        projectId: project.id,
        action: `ingest.${kind}s`,
        target: name,
        details: { attached: rows.length, width },
        at: now,
      });
    });
  } catch (error) {
    // The chunk was not noted: nobody will ever read its blob.
    await storage.delete(blobKey).catch(() => false);
    throw error;
  }
  return { attached: rows.length, totalRows: await countItems(ctx, kind, name) };
}

/** Items of which a set has a vector, one that came twice counted once. Reads the row numbers of every chunk. */
async function countItems({ db, storage, project }: IngestContext, kind: VectorKind, name: string): Promise<number> {
  const seen = new Set<number>();
  for (const { nRows, blobKey } of await selectVectorChunks(db, kind, project.id, name)) {
    const rows = new Int32Array(nRows);
    await storage.readRange(blobKey, 0, new Uint8Array(rows.buffer));
    for (const row of rows) seen.add(row);
  }
  return seen.size;
}
