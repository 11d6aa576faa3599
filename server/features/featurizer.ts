import type { StoredItem } from "./itemFile";

/** Turns items into vectors with parameters that were learnt once. */
export interface Featurizer {
  readonly dim: number;
  /**
   * Writes the vector of items[i] to out[i·dim … (i+1)·dim − 1]; `out` is zero before. An item that has no vector (an
   * empty text) stays zero.
   */
  transform(items: readonly StoredItem[], out: Float32Array): Promise<void> | void;
  /** Items given at once at most. */
  readonly batchItems: number;
  dispose?(): Promise<void>;
}
