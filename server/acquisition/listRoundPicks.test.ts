import { describe, expect, it } from "vitest";
import { projectStrategy } from "@/contracts/project";
import type { ListedPick } from "@/strategies";
import { bitmapFromRows } from "@/strategies";
import type { SelectedRound } from "../compute";
import { listRoundPicks } from "./listRoundPicks";
import { planRound } from "./strategySpec";

const project = {
  seed: "s",
  strategy: projectStrategy.parse({ main: { id: "margin" }, coldStart: { id: "typiclust" }, batchSize: 6 }),
  taskType: "choice",
  taskConfig: { schemaVersion: 1, labels: ["a", "b", "c"].map((id) => ({ id, title: id })) },
};
const plan = planRound(project.strategy, {
  nLabelled: 100,
  nClassesLabelled: 3,
  available: { embeddings: true, probabilities: true, head: false },
});

function pick(row: number, over: Partial<ListedPick> = {}): ListedPick {
  return {
    rank: 0,
    row,
    score: 0.1,
    utility: 0.9,
    percentile: 1,
    inclusion: null,
    part: "mix.0/schedule.after/single",
    strategy: "margin",
    purpose: "train",
    reasons: [
      {
        code: "uncertain",
        measure: "margin",
        value: 0.1,
        percentile: 1,
        top2: [
          [2, 0.5],
          [0, 0.4],
        ],
      },
    ],
    ...over,
  };
}
const audit = (row: number) =>
  pick(row, { purpose: "audit", part: "mix.audit", strategy: "random", inclusion: 0.1, percentile: null, reasons: [] });

function list(
  picks: ListedPick[],
  over: { notices?: SelectedRound["notices"]; absent?: number[]; classes?: string[] } = {},
) {
  const selected = { picks, notices: over.notices ?? [], status: "ok" } as unknown as SelectedRound;
  const snapshot = { absent: bitmapFromRows(20, over.absent ?? []), classes: over.classes ?? ["a", "b", "c"] };
  return listRoundPicks({ project, number: 3, snapshot, plan, selected });
}

describe("listRoundPicks", () => {
  it("serves in the order of the selection and ranks the strategy's picks apart from the audits", () => {
    const { picks } = list([pick(5), audit(7), pick(2), audit(1)]);
    expect(picks.map(({ row, priority, rank, purpose }) => [row, priority, rank, purpose])).toEqual([
      [5, 0, 0, "train"],
      [7, 1, 0, "audit"],
      [2, 2, 1, "train"],
      [1, 3, 1, "audit"],
    ]);
    expect(picks.map((p) => p.score)).toEqual([0.1, null, 0.1, null]);
    expect(picks[1].inclusion).toBe(0.1);
  });

  it("marks what cold start served in place of a main strategy that was due", () => {
    const cold = pick(4, { part: "mix.0/schedule.before/single", strategy: "typiclust" });
    const unmet = [{ need: "probabilities" as const, required: 1, have: 0 }];
    const due = list([cold, audit(7)], { notices: [{ code: "MAIN_NOT_READY", level: "fallback", unmet }] });
    expect(due.picks.map((p) => p.isFallback)).toEqual([true, false]);
    expect(due.nFallback).toBe(1);
    expect(list([cold], { notices: [{ code: "COLD_START", level: "info", unmet }] }).nFallback).toBe(0);
  });

  it("fills what is missing with rows that have no vector, at random, and says so", () => {
    const { picks, nFallback, filledAtRandom } = list([pick(5), pick(6)], { absent: [10, 11, 12, 13, 14, 15] });
    expect(picks).toHaveLength(6);
    expect([nFallback, filledAtRandom]).toEqual([4, 4]);
    expect(picks.slice(2).every((p) => p.isFallback && p.row >= 10)).toBe(true);
    expect(picks.map((p) => p.rank)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(
      list(
        Array.from({ length: 6 }, (_, row) => pick(row)),
        { absent: [10] },
      ).filledAtRandom,
    ).toBe(0);
  });

  it("names classes by their place in the project, also for a model with other classes", () => {
    const top2 = (picks: ReturnType<typeof list>["picks"]) => (picks[0].reason as { top2: unknown }[])[0].top2;
    expect(top2(list([pick(1)]).picks)).toEqual([
      [2, 0.5],
      [0, 0.4],
    ]);
    expect(top2(list([pick(1)], { classes: ["b", "a", "c"] }).picks)).toEqual([
      [2, 0.5],
      [1, 0.4],
    ]);
  });
});
