import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ShardRef } from "../compute";
import { chooseSample } from "./chooseSample";
import { tailToMerge } from "./mergeTailShards";

const SHARD_ROWS = 1_000;

/** Appends pieces the way builds do and joins as they do; returns the shards and how many rows were copied. */
function appendAll(pieces: readonly number[]): { shards: ShardRef[]; copied: number } {
  let shards: ShardRef[] = [];
  let copied = 0;
  let next = 0;
  for (const nRows of pieces) {
    shards.push({ startRow: next, nRows, key: `${next}` });
    next += nRows;
    const tail = tailToMerge(shards, SHARD_ROWS);
    if (tail.length === 0) continue;
    const merged = tail.reduce((sum, shard) => sum + shard.nRows, 0);
    copied += merged;
    shards = [...shards.slice(0, -tail.length), { startRow: tail[0].startRow, nRows: merged, key: "m" }];
  }
  return { shards, copied };
}

describe("tailToMerge", () => {
  it("keeps shards contiguous, few and within their size, whatever is appended", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 300 }), (pieces) => {
        const { shards, copied } = appendAll(pieces);
        const total = pieces.reduce((sum, n) => sum + n, 0);
        let at = 0;
        for (const shard of shards) {
          expect(shard.startRow).toBe(at);
          expect(shard.nRows).toBeLessThanOrEqual(SHARD_ROWS);
          at += shard.nRows;
        }
        expect(at).toBe(total);
        expect(shards.length).toBeLessThanOrEqual(total / (SHARD_ROWS / 3) + 2 + Math.log2(SHARD_ROWS));
        expect(copied).toBeLessThanOrEqual(total * (2 + Math.log2(SHARD_ROWS)));
      }),
      { seed: 2 },
    );
  });

  it("leaves full shards and a single one alone", () => {
    expect(tailToMerge([], SHARD_ROWS)).toEqual([]);
    expect(tailToMerge([{ startRow: 0, nRows: 5, key: "a" }], SHARD_ROWS)).toEqual([]);
    const full = [
      { startRow: 0, nRows: 1_000, key: "a" },
      { startRow: 1_000, nRows: 1, key: "b" },
    ];
    expect(tailToMerge(full, SHARD_ROWS)).toEqual([]);
  });
});

describe("chooseSample", () => {
  it("takes all rows of a small pool, and distinct ascending rows of a large one, the same for a seed", () => {
    expect([...chooseSample(3, 10, "s")]).toEqual([0, 1, 2]);
    const sample = chooseSample(10_000, 500, "s");
    expect(sample).toHaveLength(500);
    expect([...sample]).toEqual([...new Set(sample)].sort((a, b) => a - b));
    expect(chooseSample(10_000, 500, "s")).toEqual(sample);
    expect(chooseSample(10_000, 500, "other")).not.toEqual(sample);
    const mean = sample.reduce((sum, row) => sum + row, 0) / 500;
    // Uniform over 10,000 rows: the mean of 500 has a standard deviation of 129.
    expect(Math.abs(mean - 5_000)).toBeLessThan(520);
  });
});
