import { describe, expect, it } from "vitest";
import { differenceOfShares, measuredShare, quantileSorted, spearman } from "./statistics";

describe("measuredShare", () => {
  it("gives Wilson's interval: 8 of 10 lies between 49.0 % and 94.3 %", () => {
    const share = measuredShare(8, 10, "audit");
    expect(share?.value).toBeCloseTo(0.8, 12);
    expect(share?.lower).toBeCloseTo(0.4901625, 6);
    expect(share?.upper).toBeCloseTo(0.9433178, 6);
  });
  it("stays within 0 and 1 at the ends and says nothing about nothing", () => {
    expect(measuredShare(0, 5, "audit")?.lower).toBe(0);
    expect(measuredShare(5, 5, "audit")?.upper).toBe(1);
    expect(measuredShare(0, 0, "audit")).toBeNull();
  });
});

describe("differenceOfShares", () => {
  // Newcombe 1998, table II, method 10, to the four decimals printed there.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [0, 10, 0, 10, -0.2775, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
    [10, 10, 0, 10, 0.6075, 1],
  ])("of %i/%i and %i/%i has the published interval %f to %f", (hitsA, nA, hitsB, nB, lower, upper) => {
    const difference = differenceOfShares({ hits: hitsA, n: nA }, { hits: hitsB, n: nB });
    expect(difference.value).toBeCloseTo(hitsA / nA - hitsB / nB, 12);
    expect(difference.lower).toBeCloseTo(lower, 4);
    expect(difference.upper).toBeCloseTo(upper, 4);
  });
  it("turns around with its sides, and refuses empty samples", () => {
    const there = differenceOfShares({ hits: 8, n: 10 }, { hits: 5, n: 20 });
    const back = differenceOfShares({ hits: 5, n: 20 }, { hits: 8, n: 10 });
    expect(back.lower).toBeCloseTo(-there.upper, 12);
    expect(back.upper).toBeCloseTo(-there.lower, 12);
    expect(() => differenceOfShares({ hits: 0, n: 0 }, { hits: 1, n: 2 })).toThrow(RangeError);
  });
});

describe("spearman", () => {
  it("is 1 for the same order, −1 for the reverse, and uses mid-ranks for ties", () => {
    expect(spearman([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
    expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: cov 4.5, variances 4.5 and 5.
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });
  it("does not exist for constant or very short lists", () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(spearman([1, 2], [1, 2])).toBeNull();
  });
});

describe("quantileSorted", () => {
  it("is linear between neighbours", () => {
    expect(quantileSorted([0, 10], 0.25)).toBe(2.5);
    expect(quantileSorted([3], 0.9)).toBe(3);
  });
});
