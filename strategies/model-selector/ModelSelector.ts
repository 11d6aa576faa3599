import { KeyedRandom } from "../core/keyedRandom";
import { expectedEntropies, posteriorOf } from "./expectedEntropies";
import type { PredictionMatrix } from "./predictionMatrix";
import type { VoteGroups } from "./voteGroups";
import { groupVotes } from "./voteGroups";

/** Error rate that the method assumes of the best model when nothing better is known; a tuning constant. */
export const DEFAULT_EPSILON = 0.42;

/** Expected entropies this close, in bits, are ties: equal splits differ by rounding alone. */
const TIE_BITS = 1e-12;

export interface SelectorPick {
  readonly item: number;
  /** Expected entropy of the belief after the answer, in bits. */
  readonly expectedEntropy: number;
  /** Items that tied with it, itself included, ascending. */
  readonly ties: Uint32Array;
}

export interface SelectorOptions {
  /** In (0, 0.5]; at 0.5 all items tie and the method is random sampling. */
  readonly epsilon?: number;
  readonly seed: string;
  /** "seeded" draws among ties; "lowest" takes the lowest item. */
  readonly ties?: "seeded" | "lowest";
  /** Items to consider; all by default. Items on which all models agree are never chosen. */
  readonly items?: ArrayLike<number>;
  /** From an earlier call on the same matrix. */
  readonly groups?: VoteGroups;
}

/**
 * Finds the best of many frozen models with few labels: asks for the item whose answer leaves the least entropy about
 * which model is best. The state is the count of correct answers per model, so labels may come in any order, and a
 * changed candidate only means to replay them.
 *
 * The belief is not calibrated: it is never a probability of being best. What is returned is the model with most correct
 * answers. Choices are deterministic up to ties: the labels are no random sample and estimate no accuracy.
 *
 * Cost per label: O(dissenting models + classes) per item that is left.
 */
export class ModelSelector {
  readonly groups: VoteGroups;
  readonly epsilon: number;
  readonly #matrix: PredictionMatrix;
  readonly #random: KeyedRandom;
  readonly #bestRandom: KeyedRandom;
  readonly #options: SelectorOptions;
  readonly #correct: Int32Array;
  /** Kept items that have no label yet, as positions in groups.kept. */
  #open: Uint32Array;
  readonly #asked = new Set<number>();

  /** @throws RangeError when ε is not in (0, 0.5]. */
  constructor(matrix: PredictionMatrix, options: SelectorOptions) {
    const { epsilon = DEFAULT_EPSILON, seed, groups = groupVotes(matrix), items } = options;
    if (!(epsilon > 0 && epsilon <= 0.5)) throw new RangeError(`ModelSelector: ε must be in (0, 0.5], got ${epsilon}.`);
    this.#matrix = matrix;
    this.#options = options;
    this.groups = groups;
    this.epsilon = epsilon;
    this.#random = new KeyedRandom(seed, "model-selector");
    this.#bestRandom = new KeyedRandom(seed, "model-selector/best");
    this.#correct = new Int32Array(matrix.nModels);
    const positions = Uint32Array.from({ length: groups.kept.length }, (_, i) => i);
    if (items === undefined) this.#open = positions;
    else {
      const wanted = new Set(Array.from(items));
      this.#open = positions.filter((position) => wanted.has(groups.kept[position]));
    }
  }

  /** Items that can still be chosen. */
  get left(): number {
    return this.#open.length;
  }

  /** Labels given. */
  get labelled(): number {
    return this.#asked.size;
  }

  /** Correct answers per model; do not write. */
  get correct(): Int32Array {
    return this.#correct;
  }

  /** Entropy of the belief, in bits. */
  entropyBits(): number {
    return posteriorOf(this.#correct, this.#logGamma()).entropy / Math.LN2;
  }

  #logGamma(): number {
    return Math.log((1 - this.epsilon) / this.epsilon);
  }

  /** Expected entropy in bits of every item that is left, ascending by item. */
  scores(): { readonly items: Uint32Array; readonly bits: Float64Array } {
    const { kept, shapeOf, nShapes } = this.groups;
    const { shapes, slot } = this.#openShapes(shapeOf, nShapes);
    const perShape = new Float64Array(shapes.length);
    expectedEntropies(this.groups, posteriorOf(this.#correct, this.#logGamma()), this.epsilon, shapes, perShape);
    const items = new Uint32Array(this.#open.length);
    const bits = new Float64Array(this.#open.length);
    for (let i = 0; i < items.length; i++) {
      items[i] = kept[this.#open[i]];
      bits[i] = perShape[slot[shapeOf[this.#open[i]]] - 1];
    }
    return { items, bits };
  }

  /** Shapes that still have an item, and for each shape its place among them, from 1. */
  #openShapes(shapeOf: Uint32Array, nShapes: number): { shapes: Uint32Array; slot: Uint32Array } {
    const slot = new Uint32Array(nShapes);
    const shapes = new Uint32Array(Math.min(nShapes, this.#open.length));
    let count = 0;
    for (let i = 0; i < this.#open.length; i++) {
      const shape = shapeOf[this.#open[i]];
      if (slot[shape] !== 0) continue;
      shapes[count++] = shape;
      slot[shape] = count;
    }
    return { shapes: shapes.subarray(0, count), slot };
  }

  /** The next item to ask about; undefined when no item is left that could change the ranking. */
  next(): SelectorPick | undefined {
    if (this.#open.length === 0) return undefined;
    const { items, bits } = this.scores();
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < bits.length; i++) least = Math.min(least, bits[i]);
    const ties = items.filter((_, i) => bits[i] <= least + TIE_BITS);
    const at = this.#options.ties === "lowest" ? 0 : this.#random.below(ties.length, this.#asked.size);
    return { item: ties[at], expectedEntropy: least, ties };
  }

  /**
   * Takes a label, of any item: also one bought for another purpose, or before a candidate was exchanged. The label of an
   * item counts once.
   * @throws RangeError when the item or the class does not exist.
   */
  record(item: number, label: number): void {
    const { values, nItems, nModels, nClasses } = this.#matrix;
    if (!(Number.isInteger(item) && item >= 0 && item < nItems))
      throw new RangeError(`ModelSelector: item ${item} of ${nItems}.`);
    if (!(Number.isInteger(label) && label >= 0 && label < nClasses)) {
      throw new RangeError(
        `ModelSelector: the label of item ${item} is ${label}; a class 0 … ${nClasses - 1} was expected.`,
      );
    }
    if (this.#asked.has(item)) return;
    for (let j = 0; j < nModels; j++) if (values[item * nModels + j] === label) this.#correct[j]++;
    this.#asked.add(item);
    const { kept } = this.groups;
    this.#open = this.#open.filter((position) => kept[position] !== item);
  }

  /** Models with most correct answers, ascending; all of them before the first label. */
  bestModels(): Uint32Array {
    return bestOf(this.#correct);
  }

  /** One of {@link bestModels}, drawn by the seed where several tie. */
  best(): number {
    const best = this.bestModels();
    return best[this.#bestRandom.below(best.length, this.#asked.size)];
  }
}

/** Indices of the largest counts. */
export function bestOf(counts: ArrayLike<number>): Uint32Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < counts.length; j++) largest = Math.max(largest, counts[j]);
  const best: number[] = [];
  for (let j = 0; j < counts.length; j++) if (counts[j] === largest) best.push(j);
  return Uint32Array.from(best);
}
