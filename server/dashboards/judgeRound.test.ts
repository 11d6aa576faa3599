import { describe, expect, it } from "vitest";
import type { RoundEntryRow } from "./dashboards.db";
import { judgeRound } from "./readSelectionWorks";

function entries(n: number, change: (i: number) => Partial<RoundEntryRow> = () => ({})): RoundEntryRow[] {
  return Array.from({ length: n }, (_, i) => ({
    rank: i,
    score: 1 - i / n,
    purpose: "train",
    is_fallback: false,
    served_order: i + 1,
    ...change(i),
  }));
}

describe("judgeRound", () => {
  it("finds a round good that differs in scores and is served in order", () => {
    const view = judgeRound(3, [...entries(20), { ...entries(1)[0], purpose: "audit", score: null }], 0.1);
    expect(view.verdict.every((v) => v.ok)).toBe(true);
    expect(view.rankCorrelation?.value).toBeCloseTo(1, 12);
    expect(view.spread?.distinct).toBe(20);
    expect(view.histogram.reduce((sum, bin) => sum + bin.picked, 0)).toBe(20);
  });
  it("catches constant scores", () => {
    const view = judgeRound(
      1,
      entries(20, () => ({ score: 0.5 })),
      0,
    );
    expect(view.verdict[0]).toEqual({ ok: false, message: "All scores are equal: the strategy ranks nothing." });
  });
  it("catches serving that ignores the ranking", () => {
    const view = judgeRound(
      1,
      entries(40, (i) => ({ served_order: ((i * 17) % 40) + 1 })),
      0,
    );
    expect(view.rankCorrelation?.value).toBeLessThan(0.8);
    expect(view.verdict.some((v) => !v.ok && v.message.includes("rank correlation"))).toBe(true);
  });
  it("catches fallbacks and a missing audit share", () => {
    const view = judgeRound(
      1,
      entries(10, (i) => ({ is_fallback: i === 0 })),
      0.1,
    );
    expect(view.verdict.filter((v) => !v.ok)).toHaveLength(2);
  });
});
