import type { Kernels } from "@/strategies/kernels";
import type { Featurizer } from "../featurizer";
import type { StoredItem } from "../itemFile";
import { columnsOf } from "./learnText";
import { TextHasher } from "./textHasher";
import type { TextParameters } from "./textParameters";
import { createWeightedTerms, weighTerms } from "./weighTerms";

const BATCH_ITEMS = 2_048;
/** Terms multiplied in one piece; a single longer text makes a piece of its own. */
const BATCH_ENTRIES = 1 << 20;

/**
 * Projects TF-IDF vectors of texts and scales them to length 1, so that the squared distance of two is 2 − 2·cosine.
 * Allocates the projection in kernel memory, where it stays until the caller releases.
 */
export function createTextFeaturizer(kernels: Kernels, parameters: TextParameters): Featurizer {
  const { dim, idf, buckets } = parameters;
  const hasher = new TextHasher(parameters.hasher);
  const columnOf = columnsOf(buckets, 2 ** parameters.hasher.hashBits);
  const dense = kernels.allocF32(parameters.directions.length);
  dense.set(parameters.directions);
  const terms = createWeightedTerms();
  const starts = new Int32Array(BATCH_ITEMS + 1);
  let columns = new Int32Array(BATCH_ENTRIES);
  let values = new Float32Array(BATCH_ENTRIES);
  const project = (n: number, out: Float32Array) => {
    kernels.sparseTimesDense({ nRows: n, nColumns: idf.length, starts, columns, values, dense, k: dim, out });
    scaleRows(kernels, out, n, dim);
  };
  return {
    dim,
    batchItems: BATCH_ITEMS,
    transform(items: readonly StoredItem[], out: Float32Array): void {
      let first = 0;
      let n = 0;
      const flush = () => {
        if (n > 0) project(n, out.subarray(first * dim, (first + n) * dim));
        first += n;
        n = 0;
      };
      for (const { text } of items) {
        hasher.hash(text);
        weighTerms(hasher, columnOf, idf, terms);
        if (starts[n] + terms.size > columns.length) flush();
        if (terms.size > columns.length) {
          columns = new Int32Array(terms.size);
          values = new Float32Array(terms.size);
        }
        columns.set(terms.columns.subarray(0, terms.size), starts[n]);
        values.set(terms.values.subarray(0, terms.size), starts[n]);
        starts[n + 1] = starts[n] + terms.size;
        n++;
      }
      flush();
    },
  };
}

/** Scales every row to length 1; zero rows stay zero. */
export function scaleRows(kernels: Kernels, x: Float32Array, n: number, dim: number): void {
  const norms = new Float32Array(n);
  kernels.rowNorms(x, n, dim, norms);
  for (let i = 0; i < n; i++) {
    if (norms[i] > 0) kernels.scale(1 / Math.sqrt(norms[i]), x.subarray(i * dim, (i + 1) * dim));
  }
}
