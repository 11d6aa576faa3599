import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReferenceKernels } from "@/strategies/kernels";
import type { BlobStore } from "../storage";
import { openFsBlobStore } from "../storage";
import type { MatrixRef } from "./protocol";
import { parseShardKey, putShard } from "./shardKey";
import { openShardMatrix, rowsOf, ShardReader } from "./shardMatrix";

const DIM = 3;
let folder: string;
let storage: BlobStore;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "winnow-shards-"));
  storage = openFsBlobStore(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Value of column j in row r is 10·r + j. */
async function store(sizes: readonly number[]): Promise<MatrixRef> {
  const ref: MatrixRef = { dim: DIM, shards: [] };
  let startRow = 0;
  for (const nRows of sizes) {
    const values = Float32Array.from(
      { length: nRows * DIM },
      (_, p) => 10 * (startRow + Math.floor(p / DIM)) + (p % DIM),
    );
    ref.shards.push({ startRow, nRows, key: await putShard(storage, "p/1", { startRow, nRows }, values) });
    startRow += nRows;
  }
  return ref;
}

const rowOf = (r: number) => [10 * r, 10 * r + 1, 10 * r + 2];

describe("ShardReader", () => {
  it("reads stretches across shards", async () => {
    const reader = new ShardReader(storage, await store([4, 1, 6]));
    const out = new Float32Array(7 * DIM);
    await reader.readRows(3, 10, out);
    expect([...out]).toEqual([3, 4, 5, 6, 7, 8, 9].flatMap(rowOf));
    await reader.close();
  });

  it("gathers rows in the order given, wherever they lie, repeated ones too", async () => {
    const reader = new ShardReader(storage, await store([40, 7, 120]));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 166 }), { maxLength: 40 }), async (rows) => {
        const out = new Float32Array(rows.length * DIM);
        await reader.gather(Int32Array.from(rows), out);
        expect([...out]).toEqual(rows.flatMap(rowOf));
      }),
      { seed: 3, numRuns: 60 },
    );
    await reader.close();
  });

  it("names rows that no shard holds, gaps between shards, and shards of another size", async () => {
    const ref = await store([4, 4]);
    const reader = new ShardReader(storage, ref);
    await expect(reader.readRows(7, 9, new Float32Array(2 * DIM))).rejects.toThrow(/No shard holds row 8/);
    await reader.close();
    expect(rowsOf(ref)).toBe(8);
    expect(() => rowsOf({ ...ref, shards: [ref.shards[1]] })).toThrow(/rows 0 … 3 are missing/);
    const short = new ShardReader(storage, { ...ref, dim: DIM + 1 });
    await expect(short.readRows(0, 1, new Float32Array(DIM + 1))).rejects.toThrow(/48 bytes, expected 64/);
    await short.close();
  });
});

describe("openShardMatrix", () => {
  it("shows the same rows whether it is held whole or read block by block", async () => {
    const ref = await store([5, 3, 9]);
    for (const bytes of [1e9, 0]) {
      const { matrix, isResident, close } = openShardMatrix(storage, createReferenceKernels(), ref, bytes);
      expect(isResident).toBe(bytes > 0);
      expect(matrix).toMatchObject({ n: 17, dim: DIM, dtype: "f32" });
      expect(matrix.shards).toEqual([
        { start: 0, end: 5 },
        { start: 5, end: 8 },
        { start: 8, end: 17 },
      ]);
      for (const [start, end] of [
        [8, 17],
        [1, 4],
        [5, 8],
      ]) {
        const view = await matrix.view(start, end);
        expect([...view]).toEqual(Array.from({ length: end - start }, (_, i) => start + i).flatMap(rowOf));
      }
      await close();
    }
  });
});

describe("a shard's key", () => {
  it("says which rows it holds and what its bytes hash to", async () => {
    const [shard] = (await store([2])).shards;
    expect(parseShardKey(shard.key)).toMatchObject({ startRow: 0, nRows: 2 });
    const again = await putShard(storage, "p/1", shard, Float32Array.from([...rowOf(0), ...rowOf(1)]));
    expect(again).toBe(shard.key);
    expect(parseShardKey("p/1/parameters")).toBeUndefined();
  });
});
