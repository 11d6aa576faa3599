/** A fully labelled data set, ready for simulation. */
export interface DataSet {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  /** n × d, row-major; numeric columns have mean 0 and standard deviation 1 over all rows. */
  readonly x: Float32Array;
  /** Class of every row, 0 … classes.length − 1. */
  readonly y: Int32Array;
  /** Names of the classes in ascending order. */
  readonly classes: readonly string[];
  /** What was done to the file's columns, for the report. */
  readonly notes: readonly string[];
}

/** Class numbers of label texts: numbers in numeric order, other texts in code-unit order. */
export function numberClasses(labels: readonly string[]): { y: Int32Array; classes: string[] } {
  const distinct = [...new Set(labels)];
  const areNumbers = distinct.every((label) => label.trim() !== "" && Number.isFinite(Number(label)));
  const classes = areNumbers ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
  const numberOf = new Map(classes.map((label, i) => [label, i]));
  return { y: Int32Array.from(labels, (label) => numberOf.get(label)!), classes };
}

/**
 * Scales the columns in place to mean 0 and standard deviation 1; NaN entries become 0, the mean.
 * @returns how many columns are constant (all 0 afterwards) and how many entries were NaN.
 */
export function standardizeColumns(x: Float32Array, n: number, d: number): { constant: number; missing: number } {
  let constant = 0;
  let missing = 0;
  for (let j = 0; j < d; j++) {
    let count = 0;
    let mean = 0;
    for (let i = 0; i < n; i++) {
      const value = x[i * d + j];
      if (Number.isNaN(value)) continue;
      count++;
      mean += (value - mean) / count;
    }
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const value = x[i * d + j];
      if (!Number.isNaN(value)) squares += (value - mean) ** 2;
    }
    const deviation = Math.sqrt(squares / Math.max(1, count));
    if (!(deviation > 0)) constant++;
    missing += n - count;
    for (let i = 0; i < n; i++) {
      const value = x[i * d + j];
      x[i * d + j] = Number.isNaN(value) || !(deviation > 0) ? 0 : (value - mean) / deviation;
    }
  }
  return { constant, missing };
}
