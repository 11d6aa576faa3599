import { KeyedRandom } from "../core/keyedRandom";
import { comparisonWeights, varianceWeights, voteContest, voteEntropies } from "./baselines";
import { Coda } from "./Coda";
import { bestOf, ModelSelector } from "./ModelSelector";
import { descendingOrder, weightedOrder } from "./orders";
import type { PredictionMatrix } from "./predictionMatrix";
import type { VoteGroups } from "./voteGroups";
import { groupVotes } from "./voteGroups";

export const SELECTION_METHODS = ["model-selector", "coda", "vma", "amc", "entropy", "margin", "random"] as const;
export type SelectionMethod = (typeof SELECTION_METHODS)[number];

export interface SelectionRun {
  /** Items in the order asked. */
  readonly picks: Uint32Array;
  /** Per pick: expected entropy in bits (model-selector), expected information (coda), NaN for the others. */
  readonly scores: Float64Array;
  /** Model with most correct answers after each label, ties drawn by the seed. */
  readonly best: Uint32Array;
  /** How many models tied for it. */
  readonly ties: Uint32Array;
}

export interface SelectionArguments {
  readonly matrix: PredictionMatrix;
  /** True class of every item: read only for items that are asked. */
  readonly labels: ArrayLike<number>;
  readonly method: SelectionMethod;
  /** Labels to spend; fewer are spent when no item is left on which models differ. */
  readonly budget: number;
  readonly seed: string;
  readonly epsilon?: number;
  readonly items?: ArrayLike<number>;
  readonly groups?: VoteGroups;
  readonly marginEvenSplit?: "most-contested" | "released-code";
  /** Of model-selector: how ties are broken. */
  readonly ties?: "seeded" | "lowest";
}

/** Spends a budget by one method on items whose labels are known: for the command line, tests and comparisons. */
export function runSelection(args: SelectionArguments): SelectionRun {
  const { matrix, labels, budget, seed } = args;
  const groups = args.groups ?? groupVotes(matrix);
  const ask = askerOf({ ...args, groups });
  const picks: number[] = [];
  const scores: number[] = [];
  const best: number[] = [];
  const ties: number[] = [];
  const correct = new Int32Array(matrix.nModels);
  const tieRandom = new KeyedRandom(seed, "model-selector/best");
  while (picks.length < budget) {
    const next = ask.next();
    if (next === undefined) break;
    const label = labels[next.item];
    ask.record(next.item, label);
    for (let j = 0; j < matrix.nModels; j++) if (matrix.values[next.item * matrix.nModels + j] === label) correct[j]++;
    const leaders = bestOf(correct);
    picks.push(next.item);
    scores.push(next.score);
    ties.push(leaders.length);
    best.push(leaders[tieRandom.below(leaders.length, picks.length)]);
  }
  return {
    picks: Uint32Array.from(picks),
    scores: Float64Array.from(scores),
    best: Uint32Array.from(best),
    ties: Uint32Array.from(ties),
  };
}

interface Asker {
  next(): { item: number; score: number } | undefined;
  record(item: number, label: number): void;
}

function askerOf(args: SelectionArguments & { groups: VoteGroups }): Asker {
  const { matrix, method, seed, epsilon, items, groups, ties } = args;
  if (method === "model-selector") {
    const selector = new ModelSelector(matrix, { seed, epsilon, items, groups, ties });
    return {
      next: () => {
        const pick = selector.next();
        return pick && { item: pick.item, score: pick.expectedEntropy };
      },
      record: (item, label) => selector.record(item, label),
    };
  }
  const candidates = itemsWithin(groups.kept, items);
  if (method === "coda") return codaAsker(matrix, candidates, seed);
  const order = fixedOrder(args, candidates);
  let at = 0;
  return {
    next: () => (at < order.length ? { item: order[at++], score: Number.NaN } : undefined),
    record: () => undefined,
  };
}

function itemsWithin(kept: Uint32Array, items: ArrayLike<number> | undefined): Uint32Array {
  if (items === undefined) return kept;
  const wanted = new Set(Array.from(items));
  return kept.filter((item) => wanted.has(item));
}

/** Gains this close are ties, as in the authors' code. */
const CODA_TIE = 1e-8;

function codaAsker(matrix: PredictionMatrix, candidates: Uint32Array, seed: string): Asker {
  const coda = new Coda(matrix);
  const random = new KeyedRandom(seed, "coda");
  let open = candidates;
  let step = 0;
  return {
    next: () => {
      if (open.length === 0) return undefined;
      const gains = coda.informationGains(open);
      const largest = gains.reduce((max, gain) => Math.max(max, gain), Number.NEGATIVE_INFINITY);
      const ties = open.filter((_, i) => gains[i] >= largest - CODA_TIE);
      return { item: ties[random.below(ties.length, step++)], score: largest };
    },
    record: (item, label) => {
      coda.record(item, label);
      open = open.filter((other) => other !== item);
    },
  };
}

/** Methods that look at no label: the whole order at once. */
function fixedOrder(args: SelectionArguments, candidates: Uint32Array): Uint32Array {
  const { matrix, method, seed, marginEvenSplit } = args;
  const random = new KeyedRandom(seed, `selection/${method}`);
  const at = (values: Float64Array) => Float64Array.from(candidates, (item) => values[item]);
  switch (method) {
    case "entropy":
      return descendingOrder(candidates, at(voteEntropies(matrix)), random);
    case "margin":
      return descendingOrder(candidates, at(voteContest(matrix, marginEvenSplit)), random);
    case "vma":
      return weightedOrder(candidates, at(varianceWeights(matrix)), random);
    case "amc":
      return weightedOrder(candidates, comparisonWeights(matrix, candidates), random);
    default:
      return weightedOrder(candidates, new Float64Array(candidates.length).fill(1), random);
  }
}
