import { betaQuantile } from "../core/metrics/distributions";
import { StrategyError } from "../core/strategyError";
import type { JsonValue, TaskKind } from "../core/types";
import { expectedReward } from "./belief";
import type { ArmTotals, TailorRound } from "./tailorState";
import { readState } from "./tailorState";

/** What TAILOR believes about one arm and one class. */
export interface BeliefCell {
  /** Expected share of the arm's rows that have the class. */
  readonly mean: number;
  /** 90 % interval; null in projects with so many arms and classes that it would take long. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Labels that the belief rests on, the two of the flat start included, after discounting. */
  readonly effective: number;
}

export interface TailorArmView {
  readonly id: string;
  readonly strategy: string;
  /** Class that the arm stands for; null where it stands for all. */
  readonly class: number | null;
  /** Whether it took part in the last round. */
  readonly isActive: boolean;
  readonly classes: readonly BeliefCell[];
  readonly expectedReward: number;
  /** In the last round; 0 where it took no part. */
  readonly best: number;
  readonly drawn: number;
  readonly totals: ArmTotals;
  /** Labels of each class per 100 answered nominations; null before the first. */
  readonly yieldPer100: readonly number[] | null;
}

/** TAILOR's memory of a project for people: what a dashboard shows. */
export interface TailorView {
  readonly round: number;
  /** Highest expected reward first. */
  readonly arms: readonly TailorArmView[];
  /** Worth of a label by class, labels by class and labels in all, when the last round began. */
  readonly weights: readonly number[];
  readonly classCounts: readonly number[];
  readonly labelled: number;
  /** 0 while every arm may be the best, 1 once one certainly is. */
  readonly settled: number;
  /** Rows picked and not answered yet. */
  readonly waiting: number;
  readonly rounds: readonly TailorRound[];
}

/** Arms × classes up to which intervals are computed. */
const INTERVAL_CELLS_MAX = 4000;

const TAIL = 0.05;

/**
 * Reads a state that `runSpec` returned for a part served by TAILOR.
 *
 * @param entry one value of `RoundSelection.states`.
 * @returns null when no round has run or the part was served by another strategy.
 */
export function describeTailor(entry: JsonValue | undefined, taskKind: TaskKind): TailorView | null {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return null;
  const { strategy, state } = entry as { readonly strategy?: JsonValue; readonly state?: JsonValue };
  if (strategy !== "tailor" || typeof state !== "object" || state === null) return null;
  const { reset, history } = state as { readonly reset?: JsonValue; readonly history?: readonly TailorRound[] };
  const last = history?.at(-1);
  if (last === undefined) return null;
  if (typeof reset !== "number")
    throw new StrategyError("E_SPEC", "The stored state of TAILOR has no number of resets.");
  const read = readState(state as JsonValue, last.weights.length, reset);
  const isMultiLabel = taskKind === "multi-label";
  const weights = Float64Array.from(last.weights);
  const hasIntervals = read.beliefs.size * weights.length <= INTERVAL_CELLS_MAX;
  const arms = [...read.beliefs].map(([id, belief]): TailorArmView => {
    const [use, classText] = id.split("#");
    const inRound = last.arms.find((arm) => arm.id === id);
    const totals = read.totals.get(id)!;
    return {
      id,
      strategy: use,
      class: classText === undefined ? null : Number(classText),
      isActive: inRound !== undefined,
      classes: cellsOf(belief.a, belief.b, isMultiLabel, hasIntervals),
      expectedReward: expectedReward({ isMultiLabel, dirichletOffset: 0 }, belief, weights),
      best: inRound?.best ?? 0,
      drawn: inRound?.drawn ?? 0,
      totals,
      yieldPer100: totals.credits === 0 ? null : totals.labels.map((count) => (100 * count) / totals.credits),
    };
  });
  return {
    round: read.round,
    arms: arms.sort((a, b) => b.expectedReward - a.expectedReward || (a.id < b.id ? -1 : 1)),
    ...{ weights: last.weights, classCounts: last.classCounts, labelled: last.labelled },
    settled: settledness(last.arms.map((arm) => arm.best)),
    waiting: read.open.reduce((sum, batch) => sum + batch.rows.length, 0),
    rounds: read.history,
  };
}

function cellsOf(a: Float64Array, b: Float64Array, isMultiLabel: boolean, hasIntervals: boolean): BeliefCell[] {
  const total = a.reduce((sum, count) => sum + count, 0);
  return Array.from(a, (positive, k) => {
    // One class of a Dirichlet is a Beta against all the others.
    const negative = isMultiLabel ? b[k] : total - positive;
    const effective = positive + negative;
    const hasInterval = hasIntervals && positive > 0 && negative > 0;
    return {
      mean: effective === 0 ? 0 : positive / effective,
      interval: hasInterval
        ? { low: betaQuantile(TAIL, positive, negative), high: betaQuantile(1 - TAIL, positive, negative) }
        : null,
      effective,
    };
  });
}

/** 1 − entropy of the chances to be best, relative to that of equal chances. */
function settledness(chances: readonly number[]): number {
  if (chances.length < 2) return 1;
  const entropy = chances.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
  return Math.min(1, Math.max(0, 1 - entropy / Math.log(chances.length)));
}
