import { countBits, quantileSorted } from "@/strategies";
import type { SelectedRound } from "../compute";
import type { WrittenRound } from "../queue";
import type { PoolSnapshot } from "./snapshotPool";
import { coveredRows } from "./snapshotPool";
import type { RoundPlan } from "./strategySpec";

/** What a round says about itself; stored with it as JSON. */
export interface RoundReport {
  /** Everything that is not as asked, as codes with numbers. */
  warnings: { code: string; [detail: string]: unknown }[];
  /** Recorded for the trace. */
  infos: { code: string; [detail: string]: unknown }[];
  /** Scores of the picks, audits aside; null without scores. */
  scores: { min: number; q25: number; median: number; q75: number; max: number; distinct: number } | null;
  /** Distribution of scores over the pool by part of the spec. */
  summaries: SelectedRound["summaries"];
  /** For stateful strategies, handed to the next round. */
  states: SelectedRound["states"];
  /** The spec's own word: ok, partial or fallback. */
  selectionStatus: SelectedRound["status"];
  entries: WrittenRound;
  /** Milliseconds; selectCpuMs is processor time of the compute child. */
  timings: { snapshotMs: number; selectMs: number; selectCpuMs: number; writeMs: number; totalMs: number };
  peakRssBytes: number;
}

export function reportRound(round: {
  selected: SelectedRound;
  plan: RoundPlan;
  snapshot: PoolSnapshot;
  entries: WrittenRound;
  filledAtRandom: number;
  timings: RoundReport["timings"];
  peakRssBytes: number;
}): RoundReport {
  const { selected, plan, snapshot } = round;
  const { warnings, infos } = sortNotices(selected);
  if (plan.isColdStartReplaced) warnings.push({ code: "COLD_START_AT_RANDOM", missing: "embeddings" });
  if (plan.refusal) warnings.push({ code: "STRATEGY_REFUSED", ...plan.refusal });
  const nAbsent = countBits(snapshot.absent);
  if (nAbsent > 0) warnings.push({ code: "ROWS_WITHOUT_VECTOR", count: nAbsent, filled: round.filledAtRandom });
  for (const array of ["embeddings", "probabilities"] as const) {
    const covered = coveredRows(snapshot[array]);
    if (plan.arrays.includes(array) && covered < snapshot.n) {
      infos.push({ code: "ROWS_NOT_COVERED", array, covered, rows: snapshot.n });
    }
  }
  return {
    warnings,
    infos,
    scores: spreadOf(selected),
    summaries: selected.summaries,
    states: selected.states,
    selectionStatus: selected.status,
    entries: round.entries,
    timings: round.timings,
    peakRssBytes: round.peakRssBytes,
  };
}

function sortNotices(selected: SelectedRound): Pick<RoundReport, "warnings" | "infos"> {
  const warnings: RoundReport["warnings"] = [];
  const infos: RoundReport["infos"] = [];
  for (const notice of selected.notices) (notice.level === "info" ? infos : warnings).push({ ...notice });
  return { warnings, infos };
}

function spreadOf(selected: SelectedRound): RoundReport["scores"] {
  const scores = selected.picks.filter((pick) => pick.purpose === "train").map((pick) => pick.score);
  if (scores.length === 0) return null;
  const sorted = scores.sort((a, b) => a - b);
  return {
    min: sorted[0],
    q25: quantileSorted(sorted, 0.25),
    median: quantileSorted(sorted, 0.5),
    q75: quantileSorted(sorted, 0.75),
    max: sorted[sorted.length - 1],
    distinct: new Set(sorted).size,
  };
}
