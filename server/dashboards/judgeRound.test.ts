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
    strategy: "margin",
    percentile: null,
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
  it("shows the picks among the scores of the whole pool", () => {
    const pool = { scored: 100, histogram: { lo: 0, hi: 1, counts: [10, 20, 30, 40] } };
    const picks = entries(4, (i) => ({ score: i * 0.1, percentile: 0.96 + i * 0.01 }));
    const view = judgeRound(1, picks, 0, pool);
    expect(view).toMatchObject({ strategy: "margin", nPool: 100 });
    expect(view.histogram.map((b) => [b.from, b.picked, b.pool])).toEqual([
      [0, 3, 10],
      [0.25, 1, 20],
      [0.5, 0, 30],
      [0.75, 0, 40],
    ]);
    expect(view.verdict.map((v) => v.message)).toContain(
      "Round 1: half of the picks were more worth labelling than 97.5 % of the pool.",
    );
  });
  it("catches picks that are worth less than most of the pool", () => {
    const picks = entries(20, (i) => ({ percentile: 0.3 + i * 0.001 }));
    expect(judgeRound(1, picks, 0).verdict.find((v) => v.message.includes("of the pool"))?.ok).toBe(false);
  });
  it("catches constant scores", () => {
    const view = judgeRound(
      1,
      entries(20, () => ({ score: 0.5 })),
      0,
    );
    expect(view.verdict[0]).toEqual({
      ok: false,
      message: "Round 1: all scores are equal: the strategy ranks nothing.",
    });
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
  it("names its round in every line, and gives no tick to what was drawn at random", () => {
    const view = judgeRound(
      9,
      entries(20, () => ({ strategy: "random" })),
      0,
    );
    expect(view.verdict.every((v) => v.message.startsWith("Round 9: "))).toBe(true);
    expect(view.verdict[0]).toEqual({
      ok: false,
      message: "Round 9: drawn at random, so nothing is ranked and there is nothing to judge.",
    });
    expect(view.verdict.some((v) => v.message.includes("distinct"))).toBe(false);
  });
  it("does not say that no fallback was used of a round that is marked as not as asked", () => {
    const notice = { code: "FEWER_THAN_ASKED", asked: 30, got: 20 };
    const { verdict } = judgeRound(2, entries(20), 0, null, [notice]);
    expect(verdict.some((v) => v.message.includes("fallback"))).toBe(false);
    expect(verdict).toContainEqual({
      ok: false,
      message: "Round 2: not as asked. 20 of the 30 items asked for: no more are left.",
    });
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
