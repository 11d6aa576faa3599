import type { Interval } from "@/strategies";
import { areaUnderCurve, comparePaired, estimateMean, holmAdjusted } from "@/strategies";
import type { SimulatedRun } from "./simulateRun";

export const LEVEL = 0.95;
/** Below this a Holm-adjusted p-value counts as a difference. */
export const SIGNIFICANCE = 0.05;

export interface CurvePoint {
  readonly labels: number;
  readonly mean: number;
  readonly interval: Interval | null;
  readonly n: number;
}

export interface StrategyResult {
  readonly strategy: string;
  readonly accuracy: readonly CurvePoint[];
  readonly macroF1: readonly CurvePoint[];
  /** Mean height of the accuracy curve, over the repetitions. */
  readonly area: { readonly mean: number; readonly interval: Interval | null; readonly values: readonly number[] };
  readonly selectSecondsMean: number;
  readonly roundsNotOk: number;
}

export interface PairResult {
  readonly a: string;
  readonly b: string;
  /** Mean of area(a) − area(b) over the repetitions, with a Student interval of level 0.95. */
  readonly difference: number;
  readonly interval: Interval | null;
  readonly pValue: number | null;
  /** Adjusted over all pairs by Holm. */
  readonly pAdjusted: number | null;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
}

export interface ProfilePoint {
  readonly tau: number;
  /** Share of the repetitions in which labels-to-target ≤ tau · the best strategy's. */
  readonly share: number;
}

export interface SimulationSummary {
  readonly strategies: readonly StrategyResult[];
  readonly pairs: readonly PairResult[];
  /** penalty[i][j]: share of the curve's points at which i is significantly better than j (paired t-test, 0.05). */
  readonly penalty: readonly (readonly number[])[];
  readonly profile: {
    /** Whose final accuracy of the same repetition is the target. */
    readonly baseline: string;
    readonly curves: readonly { readonly strategy: string; readonly points: readonly ProfilePoint[] }[];
  };
  /** Groups of strategies whose picks were the same in every repetition. */
  readonly identicalArms: readonly (readonly string[])[];
}

/** All numbers of the report. Every strategy must have the same repetitions and label counts. */
export function summarizeRuns(runs: readonly SimulatedRun[]): SimulationSummary {
  const names = [...new Set(runs.map((run) => run.strategy))];
  const byName = new Map(names.map((name) => [name, runs.filter((run) => run.strategy === name)]));
  const areas = new Map(
    names.map((name) => [name, byName.get(name)!.map((run) => areaUnderCurve(run.labels, run.accuracy))]),
  );
  return {
    strategies: names.map((name) => strategyResult(name, byName.get(name)!, areas.get(name)!)),
    pairs: comparePairs(names, areas),
    penalty: penaltyMatrix(names, byName),
    profile: performanceProfile(names, byName),
    identicalArms: identicalArms(names, byName),
  };
}

function strategyResult(strategy: string, runs: readonly SimulatedRun[], areas: readonly number[]): StrategyResult {
  const curve = (metric: "accuracy" | "macroF1"): CurvePoint[] =>
    runs[0].labels.map((labels, i) => {
      return { labels, ...meanShare(runs.map((run) => run[metric][i])), n: runs.length };
    });
  const area = meanShare(areas);
  return {
    strategy,
    accuracy: curve("accuracy"),
    macroF1: curve("macroF1"),
    area: { ...area, values: areas },
    selectSecondsMean: runs.reduce((sum, run) => sum + run.selectSeconds, 0) / runs.length,
    roundsNotOk: runs.reduce((sum, run) => sum + run.roundsNotOk, 0),
  };
}

/** Mean of shares with its Student interval, which cannot leave [0, 1]. */
function meanShare(values: readonly number[]): { mean: number; interval: Interval | null } {
  const { value, interval } = estimateMean(values, Number.POSITIVE_INFINITY, LEVEL);
  const clipped = interval && { low: Math.max(0, interval.low), high: Math.min(1, interval.high) };
  return { mean: value!, interval: clipped };
}

function comparePairs(names: readonly string[], areas: ReadonlyMap<string, readonly number[]>): PairResult[] {
  const pairs = names.flatMap((a, i) =>
    names.slice(i + 1).map((b) => ({ a, b, ...comparePaired(areas.get(a)!, areas.get(b)!, LEVEL) })),
  );
  const tested = pairs.filter((pair) => pair.pValue !== null);
  const adjusted = holmAdjusted(tested.map((pair) => pair.pValue!));
  return pairs.map(({ n: _, ...pair }) => {
    const at = tested.findIndex((other) => other.a === pair.a && other.b === pair.b);
    return { ...pair, pAdjusted: at < 0 ? null : adjusted[at] };
  });
}

/** At every point of the curve after the common start, a paired t-test over the repetitions. */
function penaltyMatrix(names: readonly string[], byName: ReadonlyMap<string, readonly SimulatedRun[]>): number[][] {
  const steps = byName.get(names[0])![0].labels.length;
  return names.map((a) =>
    names.map((b) => {
      if (a === b || steps < 2) return 0;
      let better = 0;
      for (let step = 1; step < steps; step++) {
        const at = (name: string) => byName.get(name)!.map((run) => run.accuracy[step]);
        const { difference, pValue } = comparePaired(at(a), at(b), LEVEL);
        if (difference > 0 && pValue !== null && pValue < SIGNIFICANCE) better++;
      }
      return better / (steps - 1);
    }),
  );
}

/**
 * Dolan–Moré profile of labels-to-target: the target of a repetition is the baseline's final accuracy in it. The
 * baseline is random where it takes part, else the strategy with the lowest mean final accuracy.
 */
function performanceProfile(
  names: readonly string[],
  byName: ReadonlyMap<string, readonly SimulatedRun[]>,
): SimulationSummary["profile"] {
  const final = (run: SimulatedRun) => run.accuracy[run.accuracy.length - 1];
  const meanFinal = (name: string) => byName.get(name)!.reduce((sum, run) => sum + final(run), 0);
  const baseline = names.includes("random")
    ? "random"
    : names.reduce((least, name) => (meanFinal(name) < meanFinal(least) ? name : least));
  const targets = byName.get(baseline)!.map(final);
  const needed = new Map(
    names.map((name) => [
      name,
      byName.get(name)!.map((run, i) => {
        const step = run.accuracy.findIndex((value) => value >= targets[i]);
        return step < 0 ? Number.POSITIVE_INFINITY : run.labels[step];
      }),
    ]),
  );
  const ratios = new Map(
    names.map((name) => [
      name,
      needed.get(name)!.map((labels, i) => labels / Math.min(...names.map((other) => needed.get(other)![i]))),
    ]),
  );
  const taus = [...new Set([1, ...[...ratios.values()].flat().filter(Number.isFinite)])].sort((a, b) => a - b);
  return {
    baseline,
    curves: names.map((strategy) => ({
      strategy,
      points: taus.map((tau) => ({
        tau,
        share: ratios.get(strategy)!.filter((ratio) => ratio <= tau).length / targets.length,
      })),
    })),
  };
}

function identicalArms(names: readonly string[], byName: ReadonlyMap<string, readonly SimulatedRun[]>): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const picks = byName
      .get(name)!
      .map((run) => run.picksHash)
      .join();
    groups.set(picks, [...(groups.get(picks) ?? []), name]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
