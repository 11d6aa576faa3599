import { describe, expect, test } from "vitest";
import { hash128Hex } from "./hash128";
import { KeyedRandom, threefry2x32 } from "./keyedRandom";

describe("threefry2x32", () => {
  // Known-answer vectors of the Random123 distribution for 20 rounds.
  test.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])("gives the published block for key %i %i, counter %i %i", (k0, k1, c0, c1, first, second) => {
    const out = new Uint32Array(2);
    threefry2x32(k0, k1, c0, c1, out);
    expect([...out]).toEqual([first, second]);
  });
});

describe("hash128", () => {
  // Published results of MurmurHash3 x86 128 with seed 0.
  test.each([
    ["", "00000000000000000000000000000000"],
    ["I will not buy this record, it is scratched.", "a0a9683b25ac5e40d9af2895890dddf5"],
    ["The quick brown fox jumps over the lazy dog", "2f1583c3ecee2c675d7bf66ce5e91d2c"],
    [`${"é".repeat(13)}😀`, "bd0e711a6ebb6c4397cdac93d1f4224d"],
  ])("of %j is the published one", (text, hex) => {
    expect(hash128Hex(text)).toBe(hex);
  });

  test("covers every byte of every tail length and tells texts apart beyond ASCII", () => {
    const texts = Array.from({ length: 70 }, (_, i) => `${"é".repeat(i)}😀`);
    expect(new Set(texts.map(hash128Hex)).size).toBe(texts.length);
  });
});

describe("KeyedRandom", () => {
  test("depends on seed, stage and counter only", () => {
    const a = new KeyedRandom("seed", "stage");
    const first = a.uniform(7, 1);
    a.uniform(8);
    expect(a.uniform(7, 1)).toBe(first);
    expect(new KeyedRandom("seed", "stage").uniform(7, 1)).toBe(first);
    expect(new KeyedRandom("seed", "other").uniform(7, 1)).not.toBe(first);
    expect(new KeyedRandom("seed2", "stage").uniform(7, 1)).not.toBe(first);
    expect(a.uniform(7, 2)).not.toBe(first);
    expect(new KeyedRandom("ab", "c").uniform(0)).not.toBe(new KeyedRandom("a", "bc").uniform(0));
  });

  test("is uniform: counts in 100 bins of 200,000 draws pass a chi-square bound, mean and serial products fit", () => {
    const random = new KeyedRandom("uniformity", "test");
    const bins = new Array<number>(100).fill(0);
    let sum = 0;
    let product = 0;
    let previous = 0.5;
    const n = 200_000;
    for (let i = 0; i < n; i++) {
      const u = random.uniform(i);
      expect(u > 0 && u < 1).toBe(true);
      bins[Math.floor(u * 100)]++;
      sum += u;
      product += (u - 0.5) * (previous - 0.5);
      previous = u;
    }
    const chiSquare = bins.reduce((total, count) => total + (count - n / 100) ** 2 / (n / 100), 0);
    // 99 degrees of freedom: mean 99, sd 14.1.
    expect(chiSquare).toBeGreaterThan(50);
    expect(chiSquare).toBeLessThan(160);
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(product / n)).toBeLessThan(4 / 12 / Math.sqrt(n));
  });

  test("below gives every integer about equally often", () => {
    const random = new KeyedRandom("below", "test");
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70_000; i++) counts[random.below(7, i)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});
