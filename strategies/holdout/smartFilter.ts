import { KeyedRandom } from "../core/keyedRandom";

export interface SmartItem {
  /** What the annotator sees; compared without case for exact duplicates. */
  readonly text: string;
}

/** What reference models say: probability each gives to the right answer, and whether it is their most probable one. */
export interface ReferenceAnswers {
  /** items × models. */
  readonly probability: ArrayLike<number>;
  /** items × models, 1 = right. */
  readonly isRight: ArrayLike<number>;
  readonly nModels: number;
}

/** Two items that are close in embedding space, `distance` = 1 − cosine. Pairs whose texts nearly match are left out by the caller. */
export interface NeighbourPair {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

export type SmartReason = "duplicate" | "easy" | "contaminated" | "similar";

export interface SmartProposal {
  /** Per item, why it adds little; null for items that should stay. */
  readonly reasons: readonly (SmartReason | null)[];
  /** Items without a reason, ascending. */
  readonly kept: Uint32Array;
  readonly counts: Readonly<Record<SmartReason, number>>;
  readonly similarityThreshold: number | null;
}

const SURE = 0.8;
const EASY_KEPT_SHARE = 0.1;
const SIMILAR_DROPPED_SHARE = 0.5;
const KERNEL_BANDWIDTH = 0.15;

/**
 * Proposes which test items add nothing: exact duplicates, items all reference models are sure of and right about (a random
 * tenth stays), items they answer without seeing the input, and half of each cluster of near-identical items.
 *
 * It is a proposal. Accuracy over what is kept is another, lower number than over all: use the reasons as strata with a
 * lower draw probability, and LURE keeps the estimand. Each filter looks at all items; the first reason in the order above
 * is given.
 *
 * @param withoutInput the reference models' answers when the input is hidden, where an answer can be guessed at all.
 * Source: Gupta et al. 2025, "Improving model evaluation using SMART filtering of benchmark datasets".
 */
export function proposeSmartFilter(args: {
  readonly items: readonly SmartItem[];
  readonly references: ReferenceAnswers;
  readonly withoutInput?: ReferenceAnswers;
  readonly neighbours?: readonly NeighbourPair[];
  readonly seed: string;
}): SmartProposal {
  const { items, references, withoutInput, neighbours, seed } = args;
  const random = new KeyedRandom(seed, "smart-filter");
  const isDuplicate = duplicates(items, random);
  const easy = items.map((_, i) => allSure(references, i) && random.uniform(i, 1) >= EASY_KEPT_SHARE);
  const threshold = neighbours === undefined ? null : similarityThreshold(neighbours.map((pair) => pair.distance));
  const isSimilar = similars(items.length, neighbours ?? [], threshold, random);
  const reasons = items.map((_, i): SmartReason | null => {
    if (isDuplicate[i]) return "duplicate";
    if (easy[i]) return "easy";
    if (withoutInput !== undefined && allSure(withoutInput, i)) return "contaminated";
    return isSimilar[i] ? "similar" : null;
  });
  const count = (reason: SmartReason) => reasons.filter((entry) => entry === reason).length;
  return {
    reasons,
    kept: Uint32Array.from(reasons.flatMap((reason, i) => (reason === null ? [i] : []))),
    counts: {
      duplicate: count("duplicate"),
      easy: count("easy"),
      contaminated: count("contaminated"),
      similar: count("similar"),
    },
    similarityThreshold: threshold,
  };
}

function allSure({ probability, isRight, nModels }: ReferenceAnswers, item: number): boolean {
  if (nModels === 0) return false;
  for (let at = item * nModels; at < (item + 1) * nModels; at++)
    if (!(isRight[at] > 0 && probability[at] > SURE)) return false;
  return true;
}

/** All but one random copy of each text. */
function duplicates(items: readonly SmartItem[], random: KeyedRandom): boolean[] {
  const groups = new Map<string, number[]>();
  items.forEach((item, i) => {
    const key = item.text.toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  const dropped = new Array<boolean>(items.length).fill(false);
  for (const group of groups.values()) {
    const stays = group[random.below(group.length, group[0], 2)];
    for (const i of group) dropped[i] = i !== stays;
  }
  return dropped;
}

/**
 * Where near-identical pairs end and ordinary neighbours begin: the first valley of a kernel density of the distances; null
 * when there is none, and then nothing is called similar.
 */
export function similarityThreshold(distances: readonly number[]): number | null {
  if (distances.length < 2) return null;
  const largest = distances.reduce((max, value) => Math.max(max, value), 0);
  const width = KERNEL_BANDWIDTH * (deviation(distances) || 1);
  const points = 256;
  const density = Float64Array.from({ length: points }, (_, k) => {
    const x = (largest * k) / (points - 1);
    return distances.reduce((sum, value) => sum + Math.exp(-0.5 * ((x - value) / width) ** 2), 0);
  });
  let hasRisen = false;
  for (let k = 1; k < points - 1; k++) {
    if (density[k] > density[k - 1]) hasRisen = true;
    const isValley = density[k] <= density[k - 1] && density[k] < density[k + 1];
    if (isValley && (hasRisen || density[0] > density[k])) return (largest * k) / (points - 1);
  }
  return null;
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0));
}

/** A random half of each cluster of linked items, rounded down. */
function similars(
  n: number,
  pairs: readonly NeighbourPair[],
  threshold: number | null,
  random: KeyedRandom,
): boolean[] {
  const dropped = new Array<boolean>(n).fill(false);
  if (threshold === null) return dropped;
  const parent = Array.from({ length: n }, (_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  for (const { a, b, distance } of pairs) if (distance <= threshold) parent[root(a)] = root(b);
  const clusters = new Map<number, number[]>();
  for (let i = 0; i < n; i++) clusters.set(root(i), [...(clusters.get(root(i)) ?? []), i]);
  for (const cluster of clusters.values()) {
    const order = [...cluster].sort((a, b) => random.uniform(a, 3) - random.uniform(b, 3));
    for (const i of order.slice(0, Math.floor(cluster.length * SIMILAR_DROPPED_SHARE))) dropped[i] = true;
  }
  return dropped;
}
