import type { PredictionMatrix } from "./predictionMatrix";

/**
 * The items on which models differ, each as the groups of models that left its largest group. What the largest group
 * weighs follows from the others, so that a step costs what the dissenters are, not what the models are: about a third
 * for models that are right two times out of three.
 *
 * Items whose models split alike, whatever the classes are called, share a shape and are looked at once.
 */
export interface VoteGroups {
  readonly nModels: number;
  readonly nClasses: number;
  /** Items on which not all models say the same, ascending. The others cannot change the ranking. */
  readonly kept: Uint32Array;
  /** Shape of each kept item. */
  readonly shapeOf: Uint32Array;
  readonly nShapes: number;
  /** Groups of shape s: groupStarts[s] … groupStarts[s + 1] − 1. */
  readonly groupStarts: Uint32Array;
  /** Models of group g: members[memberStarts[g] … memberStarts[g + 1] − 1]. */
  readonly memberStarts: Uint32Array;
  readonly members: Uint16Array;
  /** 1 where the group is those who predicted nothing: they belong to no class. */
  readonly isAbstention: Uint8Array;
}

/** Numbers that grow as they are filled. */
class Growing<T extends Uint32Array | Uint16Array | Uint8Array> {
  length = 0;
  constructor(private array: T) {}

  push(value: number): void {
    if (this.length === this.array.length) this.#growTo(this.array.length * 2);
    this.array[this.length++] = value;
  }

  /** Makes room for n more values and counts them as there; returns the whole array to write them into. */
  extend(n: number): T {
    this.length += n;
    if (this.length > this.array.length) this.#growTo(Math.max(this.length, this.array.length * 2));
    return this.array;
  }

  #growTo(capacity: number): void {
    const larger = new (this.array.constructor as new (n: number) => T)(capacity);
    larger.set(this.array as never);
    this.array = larger;
  }

  finish(): T {
    return this.array.slice(0, this.length) as T;
  }
}

/** Walks over the matrix once. O(items · models). */
export function groupVotes(matrix: PredictionMatrix): VoteGroups {
  const builder = new GroupBuilder(matrix);
  for (let i = 0; i < matrix.nItems; i++) builder.addItem(i);
  return builder.finish();
}

class GroupBuilder {
  readonly #matrix: PredictionMatrix;
  readonly #kept = new Growing(new Uint32Array(1024));
  readonly #shapeOf = new Growing(new Uint32Array(1024));
  readonly #groupStarts = new Growing(new Uint32Array(1024));
  readonly #memberStarts = new Growing(new Uint32Array(1024));
  readonly #members = new Growing(new Uint16Array(4096));
  readonly #isAbstention = new Growing(new Uint8Array(1024));
  /** Order of first appearance of each vote of the current item, + 1; slot nClasses is for abstentions. */
  readonly #slotOf: Uint32Array;
  readonly #votes: Uint32Array;
  readonly #canonical: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #places: Uint32Array;
  readonly #shapesByHash = new Map<number, number[]>();
  readonly #firstItemOf: number[] = [];

  constructor(matrix: PredictionMatrix) {
    this.#matrix = matrix;
    this.#slotOf = new Uint32Array(matrix.nClasses + 1);
    this.#votes = new Uint32Array(matrix.nClasses + 1);
    this.#canonical = new Uint32Array(matrix.nModels);
    this.#counts = new Uint32Array(matrix.nClasses + 1);
    this.#places = new Uint32Array(matrix.nClasses + 1);
    this.#groupStarts.push(0);
    this.#memberStarts.push(0);
  }

  addItem(item: number): void {
    const { nModels, nClasses } = this.#matrix;
    const nSlots = this.#canonicalize(item, this.#canonical);
    const abstainers = this.#slotOf[nClasses];
    const isUnanimous = nSlots === 1;
    const hash = hashOf(this.#canonical, nModels, abstainers);
    this.#clear(nSlots);
    if (isUnanimous) return;
    this.#kept.push(item);
    const same = this.#shapesByHash.get(hash)?.find((shape) => this.#isSameShape(shape, abstainers));
    if (same !== undefined) {
      this.#shapeOf.push(same);
      return;
    }
    const shape = this.#firstItemOf.push(item) - 1;
    this.#shapesByHash.set(hash, [...(this.#shapesByHash.get(hash) ?? []), shape]);
    this.#shapeOf.push(shape);
    this.#addShape(nSlots, abstainers);
  }

  /** Renames the votes of an item by first appearance, from 1; returns how many there are. Leaves #slotOf filled. */
  #canonicalize(item: number, out: Uint32Array): number {
    const { values, nModels, nClasses } = this.#matrix;
    let nSlots = 0;
    for (let j = 0; j < nModels; j++) {
      const vote = Math.min(values[item * nModels + j], nClasses);
      if (this.#slotOf[vote] === 0) {
        this.#votes[nSlots] = vote;
        this.#slotOf[vote] = ++nSlots;
      }
      out[j] = this.#slotOf[vote];
    }
    return nSlots;
  }

  #clear(nSlots: number): void {
    for (let s = 0; s < nSlots; s++) this.#slotOf[this.#votes[s]] = 0;
  }

  #isSameShape(shape: number, abstainers: number): boolean {
    const other = new Uint32Array(this.#canonical.length);
    const nSlots = this.#canonicalize(this.#firstItemOf[shape], other);
    const otherAbstainers = this.#slotOf[this.#matrix.nClasses];
    this.#clear(nSlots);
    if (otherAbstainers !== abstainers) return false;
    for (let j = 0; j < other.length; j++) if (other[j] !== this.#canonical[j]) return false;
    return true;
  }

  #addShape(nSlots: number, abstainers: number): void {
    const canonical = this.#canonical;
    const counts = this.#counts.fill(0, 0, nSlots);
    for (let j = 0; j < canonical.length; j++) counts[canonical[j] - 1]++;
    let largest = -1;
    for (let s = 0; s < nSlots; s++) {
      if (s + 1 !== abstainers && (largest < 0 || counts[s] > counts[largest])) largest = s;
    }
    // Models by slot, in one pass: counts become places.
    const places = this.#places;
    let place = this.#members.length;
    for (let s = 0; s < nSlots; s++) {
      if (s === largest) continue;
      places[s] = place;
      place += counts[s];
      this.#memberStarts.push(place);
      this.#isAbstention.push(s + 1 === abstainers ? 1 : 0);
    }
    const members = this.#members.extend(place - this.#members.length);
    for (let j = 0; j < canonical.length; j++) {
      const slot = canonical[j] - 1;
      if (slot !== largest) members[places[slot]++] = j;
    }
    this.#groupStarts.push(this.#isAbstention.length);
  }

  finish(): VoteGroups {
    const { nModels, nClasses } = this.#matrix;
    return {
      nModels,
      nClasses,
      kept: this.#kept.finish(),
      shapeOf: this.#shapeOf.finish(),
      nShapes: this.#firstItemOf.length,
      groupStarts: this.#groupStarts.finish(),
      memberStarts: this.#memberStarts.finish(),
      members: this.#members.finish(),
      isAbstention: this.#isAbstention.finish(),
    };
  }
}

/** 53 bits of the renamed votes; equal hashes are compared in full. */
function hashOf(votes: Uint32Array, n: number, abstainers: number): number {
  let a = 0x811c9dc5 ^ abstainers;
  let b = 0x9e3779b9;
  for (let j = 0; j < n; j++) {
    a = Math.imul(a ^ votes[j], 0x01000193);
    b = Math.imul(b ^ (votes[j] + j), 0x85ebca6b);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff);
}
