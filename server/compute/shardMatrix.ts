import type { RowMatrix } from "@/strategies/core/types";
import type { Kernels } from "@/strategies/kernels";
import { AppError } from "../errors";
import type { BlobReader, BlobStore } from "../storage";
import type { MatrixRef, ShardRef } from "./protocol";

/** Rows that are sparse in a shard are read one by one; from this share on the stretch between them is read as a whole. */
const GAP_ROWS_READ = 16;
/** Bytes read in one piece. */
const READ_BYTES = 8 * 2 ** 20;

/** Rows covered by the shards. @throws AppError E_STORAGE when they are not contiguous from row 0. */
export function rowsOf(matrix: MatrixRef): number {
  let at = 0;
  for (const shard of matrix.shards) {
    if (shard.startRow !== at) {
      throw new AppError(
        "E_STORAGE",
        `Shards have a gap: rows ${at} … ${shard.startRow - 1} are missing. Rebuild them.`,
      );
    }
    at += shard.nRows;
  }
  return at;
}

/** Reads rows of sharded matrices straight into typed arrays, without a copy in between. */
export class ShardReader {
  readonly #readers = new Map<string, BlobReader>();

  constructor(
    private readonly storage: BlobStore,
    private readonly matrix: MatrixRef,
  ) {}

  /** Fills `out` with rows start … end − 1, across shards. */
  async readRows(start: number, end: number, out: Float32Array): Promise<void> {
    const { dim } = this.matrix;
    for (let row = start; row < end; ) {
      const shard = this.#shardOf(row);
      const until = Math.min(end, shard.startRow + shard.nRows);
      const reader = await this.#open(shard);
      const part = out.subarray((row - start) * dim, (until - start) * dim);
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
      const offset = (row - shard.startRow) * dim * 4;
      for (let at = 0; at < bytes.length; at += READ_BYTES) {
        await reader.read(offset + at, bytes.subarray(at, Math.min(bytes.length, at + READ_BYTES)));
      }
      row = until;
    }
  }

  /** Copies the given rows, in the order given, into out (rows.length × dim). */
  async gather(rows: Int32Array, out: Float32Array): Promise<void> {
    const { dim } = this.matrix;
    const order = Array.from(rows, (_, i) => i).sort((a, b) => rows[a] - rows[b]);
    const runRowsMax = Math.max(1, Math.floor(READ_BYTES / (4 * dim)));
    const buffer = new Float32Array(Math.min(runRowsMax, GAP_ROWS_READ * rows.length + 1) * dim);
    for (let i = 0; i < order.length; ) {
      const first = rows[order[i]];
      let next = i + 1;
      while (next < order.length) {
        const row = rows[order[next]];
        if (row - rows[order[next - 1]] > GAP_ROWS_READ || (row - first + 1) * dim > buffer.length) break;
        next++;
      }
      const last = rows[order[next - 1]];
      await this.readRows(first, last + 1, buffer);
      for (; i < next; i++) {
        const from = (rows[order[i]] - first) * dim;
        out.set(buffer.subarray(from, from + dim), order[i] * dim);
      }
    }
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close();
    this.#readers.clear();
  }

  #shardOf(row: number): ShardRef {
    const shard = this.matrix.shards.find((s) => row >= s.startRow && row < s.startRow + s.nRows);
    if (!shard) throw new AppError("E_STORAGE", `No shard holds row ${row}: rebuild the features of this project.`);
    return shard;
  }

  async #open(shard: ShardRef): Promise<BlobReader> {
    let reader = this.#readers.get(shard.key);
    if (!reader) {
      reader = await this.storage.open(shard.key);
      const expected = shard.nRows * this.matrix.dim * 4;
      if (reader.size !== expected) {
        await reader.close();
        throw new AppError(
          "E_STORAGE",
          `Shard "${shard.key}" has ${reader.size} bytes, expected ${expected}. Rebuild it.`,
        );
      }
      this.#readers.set(shard.key, reader);
    }
    return reader;
  }
}

/**
 * A sharded matrix for strategies. Where it fits into `residentBytesMax` it lies whole in kernel memory, each shard read on
 * its first view; else a view reads its rows into one buffer that the next view overwrites.
 */
export function openShardMatrix(
  storage: BlobStore,
  kernels: Kernels,
  ref: MatrixRef,
  residentBytesMax: number,
): { matrix: RowMatrix; isResident: boolean; close: () => Promise<void> } {
  const n = rowsOf(ref);
  const { dim } = ref;
  const reader = new ShardReader(storage, ref);
  const isResident = n * dim * 4 <= residentBytesMax;
  const longest = ref.shards.reduce((most, shard) => Math.max(most, shard.nRows), 0);
  const values = kernels.allocF32((isResident ? n : longest) * dim);
  const isLoaded = new Set<ShardRef>();
  const view = async (start: number, end: number): Promise<Float32Array> => {
    if (!isResident) {
      const part = values.subarray(0, (end - start) * dim);
      await reader.readRows(start, end, part);
      return part;
    }
    for (const shard of ref.shards) {
      const shardEnd = shard.startRow + shard.nRows;
      if (isLoaded.has(shard) || shardEnd <= start || shard.startRow >= end) continue;
      await reader.readRows(shard.startRow, shardEnd, values.subarray(shard.startRow * dim, shardEnd * dim));
      isLoaded.add(shard);
    }
    return values.subarray(start * dim, end * dim);
  };
  const shards = ref.shards.map((s) => ({ start: s.startRow, end: s.startRow + s.nRows }));
  return { matrix: { n, dim, dtype: "f32", shards, view }, isResident, close: () => reader.close() };
}
