import type { Pool } from "./types";

/**
 * Labelled rows per class: nClasses counts, in a single-label pool one class per row, in a multi-label pool every class
 * that applies. Undefined in regression, where there are no classes. Where the number of classes is not declared
 * (nClasses 0) the list ends at the largest class seen.
 */
export function labelCounts(pool: Pool): Float64Array | undefined {
  if (pool.taskKind === "regression") return undefined;
  const { classes, multi, rows } = pool.labelled;
  const { nClasses } = pool;
  if (pool.taskKind === "multi-label") {
    const counts = new Float64Array(nClasses);
    for (let i = 0; i < rows.length; i++) for (let c = 0; c < nClasses; c++) counts[c] += multi![i * nClasses + c];
    return counts;
  }
  let width = nClasses;
  if (width === 0) for (const label of classes) width = Math.max(width, label + 1);
  const counts = new Float64Array(width);
  for (const label of classes) counts[label]++;
  return counts;
}

/** Classes with at least one labelled row; undefined in regression. */
export function seenClasses(pool: Pool): number | undefined {
  return labelCounts(pool)?.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
}
