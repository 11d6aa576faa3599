import type { KeyedRandom } from "@/strategies";
import type { TrainingRemark, TrainingTarget } from "./port";

/** With fewer rows held out, neither early stopping nor a temperature would rest on anything. */
export const HELD_OUT_ROWS_MIN = 20;
/** More rows than this sharpen neither. */
export const HELD_OUT_ROWS_MAX = 2_000;
/** With few labels the share grows to reach the smallest useful number, but not beyond this. */
const SHARE_MAX = 0.3;

export interface Split {
  /** All rows: those to train on first, in ascending order, then the held-out ones, in ascending order. */
  order: Int32Array;
  nTrain: number;
  nHeldOut: number;
  remark: TrainingRemark | undefined;
}

/**
 * Holds out about `share` of the rows at random (more when that would be fewer than 20 rows, up to 30 %; at most 2,000
 * rows); for one class per item, that share of every class with at least two labels, and never all of a class. With too few labels nothing is held out, and the remark says so.
 */
export function splitHeldOut(target: TrainingTarget, n: number, share: number, random: KeyedRandom): Split {
  const smallest = Math.min(SHARE_MAX, (1.2 * HELD_OUT_ROWS_MIN) / n);
  const wanted = share === 0 ? 0 : Math.min(Math.max(share, smallest), HELD_OUT_ROWS_MAX / n);
  const isHeldOut = new Uint8Array(n);
  let nHeldOut = 0;
  for (const rows of target.kind === "classes" ? rowsByClass(target.labels, n, target.nClasses) : [allRows(n)]) {
    const exact = rows.length * wanted;
    // Rounding up or down at random keeps the total near the share when there are many small classes.
    const rounded = Math.floor(exact + random.uniform(rows[0] ?? 0, 1));
    const count = Math.min(rounded, rows.length - 1);
    const byDraw = rows.map((row) => ({ row, draw: random.uniform(row) })).sort((a, b) => a.draw - b.draw);
    for (let i = 0; i < count; i++) isHeldOut[byDraw[i].row] = 1;
    nHeldOut += Math.max(0, count);
  }
  if (nHeldOut < HELD_OUT_ROWS_MIN) {
    const message =
      `Nothing was held out: ${n} labels leave fewer than ${HELD_OUT_ROWS_MIN} rows for it. ` +
      "Training ran its full length, probabilities are not calibrated and there are no held-out figures.";
    const remark = share > 0 ? ({ code: "no-held-out", message } as const) : undefined;
    return { order: Int32Array.from(allRows(n)), nTrain: n, nHeldOut: 0, remark };
  }
  const order = new Int32Array(n);
  let train = 0;
  let held = n - nHeldOut;
  for (let i = 0; i < n; i++) {
    if (isHeldOut[i] === 1) order[held++] = i;
    else order[train++] = i;
  }
  return { order, nTrain: n - nHeldOut, nHeldOut, remark: undefined };
}

function allRows(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function rowsByClass(labels: Int32Array, n: number, nClasses: number): number[][] {
  const rows: number[][] = Array.from({ length: nClasses }, () => []);
  for (let i = 0; i < n; i++) rows[labels[i]].push(i);
  return rows.filter((list) => list.length > 0);
}
