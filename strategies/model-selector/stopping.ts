import type { Interval } from "../core/metrics";
import { BettingSequence, signTest } from "../core/metrics";
import { bestOf } from "./ModelSelector";
import type { PredictionMatrix } from "./predictionMatrix";
import { correctCounts } from "./predictionMatrix";

/** How much a stopping rule can promise. */
export type StoppingStrength = "certain" | "at-level" | "heuristic";

export interface StoppingVerdict {
  readonly rule: "ahead-of-all-that-is-left" | "audit-separates" | "leader-unchanged";
  readonly strength: StoppingStrength;
  readonly isMet: boolean;
  readonly leader: number;
}

/**
 * Whether the leader can no longer be overtaken: it is ahead of every rival by at least the items without a label on
 * which the rival says something and something else. Certain, for accuracy on this pool. O(open items · models).
 *
 * @param labels of the labelled items, by item. @param labelled, open items: together the pool.
 * @returns also what each rival could still gain on the leader.
 */
export function leaderIsCertain(
  matrix: PredictionMatrix,
  labels: ArrayLike<number>,
  labelled: ArrayLike<number>,
  open: ArrayLike<number>,
): StoppingVerdict & { readonly slack: Int32Array } {
  const { values, nModels, nClasses } = matrix;
  const correct = correctCounts(matrix, labels, labelled);
  const leader = bestOf(correct)[0];
  const slack = Int32Array.from(correct, (count) => correct[leader] - count);
  for (let k = 0; k < open.length; k++) {
    const row = open[k] * nModels;
    const lead = values[row + leader];
    for (let j = 0; j < nModels; j++) {
      const vote = values[row + j];
      if (vote < nClasses && vote !== lead) slack[j]--;
    }
  }
  const isMet = slack.every((left, j) => j === leader || left > 0);
  return { rule: "ahead-of-all-that-is-left", strength: "certain", isMet, leader, slack };
}

/**
 * Whether an audit separates leader and runner-up: a betting sequence on the difference of their correctness over items
 * drawn uniformly without replacement. Holds at every look at level 1 − alpha; only randomly drawn items may enter, never
 * those that a selector chose.
 *
 * @param differences per audited item in draw order: 1 leader right alone, −1 runner-up right alone, else 0.
 */
export function auditSeparates(
  leader: number,
  differences: ArrayLike<number>,
  poolSize: number,
  alpha: number,
): StoppingVerdict & { readonly interval: Interval } {
  const sequence = new BettingSequence({ alpha, range: { low: -1, high: 1 }, prior: { mean: 0, square: 0.25 } });
  let sum = 0;
  for (let m = 0; m < differences.length; m++) {
    const left = poolSize - m;
    const bounds = { low: (sum - left) / poolSize, high: (sum + left) / poolSize };
    const increment = (sum + differences[m] * left) / poolSize;
    sum += differences[m];
    sequence.observe(increment, bounds, { low: (sum - left + 1) / poolSize, high: (sum + left - 1) / poolSize });
  }
  const interval = sequence.interval();
  return { rule: "audit-separates", strength: "at-level", isMet: interval.low > 0, leader, interval };
}

/** Whether the leader stayed the same for the last `steady` labels and at least `floor` labels were given. A habit, not a proof. */
export function leaderUnchanged(leaders: ArrayLike<number>, steady: number, floor: number): StoppingVerdict {
  const n = leaders.length;
  const leader = n === 0 ? -1 : leaders[n - 1];
  let run = 0;
  while (run < n && leaders[n - 1 - run] === leader) run++;
  return { rule: "leader-unchanged", strength: "heuristic", isMet: n >= floor && n > 0 && run >= steady, leader };
}

/**
 * Whether labels speak against the model that the consensus favours: another is right significantly more often where the
 * two differ (one-sided sign test). Then leave CODA for MODEL SELECTOR or variance minimisation.
 */
export function isConsensusRefuted(
  matrix: PredictionMatrix,
  labels: ArrayLike<number>,
  labelled: ArrayLike<number>,
  consensusLeader: number,
  alpha = 0.05,
): boolean {
  const { values, nModels } = matrix;
  const rival = bestOf(correctCounts(matrix, labels, labelled))[0];
  let wins = 0;
  let losses = 0;
  for (let k = 0; k < labelled.length; k++) {
    const i = labelled[k];
    const isRivalRight = values[i * nModels + rival] === labels[i];
    const isLeaderRight = values[i * nModels + consensusLeader] === labels[i];
    if (isRivalRight && !isLeaderRight) wins++;
    else if (isLeaderRight && !isRivalRight) losses++;
  }
  return wins > losses && signTest(wins, losses) / 2 < alpha;
}
