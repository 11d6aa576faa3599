import { checkLength } from "../checkLength";
import type { SparseKernels } from "../types";

export const sparseReference: SparseKernels = {
  sparseTimesDense({ nRows, nColumns, starts, columns, values, dense, k, out }) {
    checkSparse(nRows, nColumns, starts, columns, values);
    checkLength("sparseTimesDense", "dense", dense, nColumns * k);
    checkLength("sparseTimesDense", "out", out, nRows * k);
    const sums = new Float64Array(k);
    for (let i = 0; i < nRows; i++) {
      sums.fill(0);
      for (let p = starts[i]; p < starts[i + 1]; p++) {
        for (let j = 0; j < k; j++) sums[j] += values[p] * dense[columns[p] * k + j];
      }
      out.set(sums, i * k);
    }
  },
};

/** Throws a RangeError unless starts ascend from 0, and every column lies in 0 … nColumns − 1. */
export function checkSparse(
  nRows: number,
  nColumns: number,
  starts: Int32Array,
  columns: Int32Array,
  values: Float32Array,
): void {
  checkLength("sparseTimesDense", "starts", starts, nRows + 1);
  let at = 0;
  for (let i = 0; i <= nRows; i++) {
    if (starts[i] < at || (i === 0 && starts[0] !== 0)) {
      throw new RangeError(`sparseTimesDense: starts must ascend from 0, got ${starts[i]} at position ${i}.`);
    }
    at = starts[i];
  }
  checkLength("sparseTimesDense", "columns", columns, at);
  checkLength("sparseTimesDense", "values", values, at);
  for (let p = 0; p < at; p++) {
    if (!(columns[p] >= 0 && columns[p] < nColumns)) {
      throw new RangeError(
        `sparseTimesDense: columns must lie in 0 … ${nColumns - 1}, got ${columns[p]} at position ${p}.`,
      );
    }
  }
}
