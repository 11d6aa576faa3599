/** Sparse matrix by rows: row i has columns `columns[starts[i] … starts[i+1] − 1]` with values at the same places. */
export interface SparseRows {
  readonly nRows: number;
  readonly nColumns: number;
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/** The transpose, its rows listing columns in ascending order. O(entries). */
export function transposeSparse(matrix: SparseRows): SparseRows {
  const { nRows, nColumns, starts, columns, values } = matrix;
  const counts = new Int32Array(nColumns + 1);
  for (let p = 0; p < starts[nRows]; p++) counts[columns[p] + 1]++;
  for (let c = 0; c < nColumns; c++) counts[c + 1] += counts[c];
  const next = counts.slice(0, nColumns);
  const rows = new Int32Array(starts[nRows]);
  const moved = new Float32Array(starts[nRows]);
  for (let i = 0; i < nRows; i++) {
    for (let p = starts[i]; p < starts[i + 1]; p++) {
      const at = next[columns[p]]++;
      rows[at] = i;
      moved[at] = values[p];
    }
  }
  return { nRows: nColumns, nColumns: nRows, starts: counts, columns: rows, values: moved };
}
