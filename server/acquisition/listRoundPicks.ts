import type { ListedPick } from "@/strategies";
import { KeyedRandom, rowsOfBitmap } from "@/strategies";
import { getTaskType } from "@/task-types/registry";
import type { SelectedRound } from "../compute";
import type { ProjectRow } from "../projects";
import type { RoundPick } from "../queue";
import type { PoolSnapshot } from "./snapshotPool";
import type { RoundPlan } from "./strategySpec";
import { roundSeedOf } from "./strategySpec";

export interface RoundPicks {
  picks: RoundPick[];
  nFallback: number;
  /** Rows without a vector or prediction that were taken because nothing else was left. */
  filledAtRandom: number;
}

/**
 * The picks of a selection as the queue takes them: priority is the place in the selection, where audits are spread among
 * the others; the rank counts within the strategy's picks and within the audits. What the selection could not fill is
 * drawn at random from the rows that have no vector or prediction, and says so.
 */
export function listRoundPicks(round: {
  project: Pick<ProjectRow, "seed" | "strategy" | "taskType" | "taskConfig">;
  number: number;
  snapshot: Pick<PoolSnapshot, "absent" | "classes">;
  plan: RoundPlan;
  selected: SelectedRound;
}): RoundPicks {
  const { project, snapshot, plan, selected } = round;
  const isColdStartFallback =
    plan.isColdStartReplaced || selected.notices.some((notice) => notice.code === "MAIN_NOT_READY");
  const classOf = classPositions(project, snapshot.classes);
  const ranks = { train: 0, audit: 0 };
  const picks = selected.picks.map((pick, priority): RoundPick => {
    const isServedInstead = isColdStartFallback && pick.part.includes("schedule.before");
    const isFallback = pick.purpose === "train" && (plan.refusal !== undefined || isServedInstead);
    return {
      row: pick.row,
      rank: ranks[pick.purpose]++,
      // The draw of an audit is no score: it says nothing about the item.
      score: pick.purpose === "audit" ? null : pick.score,
      percentile: pick.percentile,
      inclusion: pick.inclusion,
      reason: reasonsOf(pick, classOf),
      purpose: pick.purpose,
      isFallback,
      priority,
      strategy: pick.strategy,
    };
  });
  const filled = fillAtRandom(round, picks.length, ranks.train);
  const all = [...picks, ...filled];
  return { picks: all, nFallback: all.filter((pick) => pick.isFallback).length, filledAtRandom: filled.length };
}

function fillAtRandom(round: Parameters<typeof listRoundPicks>[0], nPicked: number, firstRank: number): RoundPick[] {
  const { project, number, snapshot } = round;
  const nMissing = project.strategy.batchSize - nPicked;
  if (nMissing <= 0) return [];
  const random = new KeyedRandom(roundSeedOf(project.seed, number), "absent");
  return Array.from(rowsOfBitmap(snapshot.absent), (row) => ({ row, draw: random.uniform(row) }))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, nMissing)
    .map(({ row }, i) => ({
      row,
      rank: firstRank + i,
      score: null,
      percentile: null,
      inclusion: null,
      reason: [{ code: "random" }],
      purpose: "train" as const,
      isFallback: true,
      priority: nPicked + i,
      strategy: "random",
    }));
}

/** Position among the project's classes of each class of the model; undefined when they are the same. */
function classPositions(
  project: Pick<ProjectRow, "taskType" | "taskConfig">,
  classes: readonly string[],
): ((c: number) => number) | undefined {
  const ids = getTaskType(project.taskType)
    .classes(project.taskConfig)
    .map(({ id }) => id);
  if (classes.every((id, i) => ids[i] === id)) return undefined;
  return (c) => ids.indexOf(classes[c]);
}

/** Reasons name classes by position: in the model's order as they come, in the project's order as they are stored. */
function reasonsOf(pick: ListedPick, classOf: ((c: number) => number) | undefined): unknown {
  if (!classOf) return pick.reasons;
  return pick.reasons.map((reason) => {
    switch (reason.code) {
      case "uncertain":
        return { ...reason, top2: reason.top2.map(([c, p]) => [classOf(c), p]) };
      case "nearBoundary":
        return { ...reason, between: reason.between?.map((c) => classOf(c)) ?? null };
      case "likelyPositive":
      case "classBoundary":
      case "likeExample":
        return { ...reason, class: classOf(reason.class) };
      case "quota":
        return reason.by === "predictedClass" ? { ...reason, stratum: classOf(reason.stratum) } : reason;
      default:
        return reason;
    }
  });
}
