import { rowsOfBitmap } from "./bitmap";
import { rowsByKey } from "./itemKeys";
import { randomOf } from "./keyedRandom";
import { labelCounts } from "./labelCounts";
import { gatherRows } from "./rowMatrix";
import { truncateAtRandom } from "./sampleRows";
import { probabilityInput } from "./scoreInputs";
import type { Notice, Pool, SelectContext } from "./types";

/** Answer of a row to "is it of this class?" where there is none: open, or out of the way. */
export const OPEN = -1;
export const GONE = 2;

/** All rows in the order of one class's probability margin, as a path: GALAXY and DIRECT look for labels along it. */
export interface ClassPath {
  readonly class: number;
  /** Ascending by margin, ties by key: rows predicted to be of the class are the right end. */
  readonly rows: Uint32Array;
  /** 1 where the model says that the row is of the class. */
  readonly predicted: Uint8Array;
  /** 0 or 1 where the row is labelled or counts as such, {@link OPEN} where it may be picked, {@link GONE} where neither. */
  readonly answers: Int8Array;
  /** Where a row stands on the path; −1 when it is not on it. */
  readonly positionOf: (row: number) => number;
}

/** What a row that is picked, and not answered yet, counts as on the path. */
export type InFlightRule = "predicted" | "removed";

/** The rows of a pool that take part in its paths. */
export interface PathRows {
  /** Candidates, then labelled, then pending rows; each in the order of its keys. */
  readonly rows: Uint32Array;
  readonly nCandidates: number;
  /** Label of row i for a class, OPEN for candidates; pending rows by the in-flight rule. */
  readonly answerOf: (i: number, classIndex: number, isPredicted: boolean) => number;
  /** Index of each row in `rows`. */
  readonly indexOf: ReadonlyMap<number, number>;
  /** Place of each row in the order of keys. */
  readonly keyRank: Int32Array;
  /** Probabilities of all rows once they have been read, where they are few enough to be kept. */
  cached?: Float32Array | Float64Array;
}

/** Probabilities kept in memory between the paths of two classes, as a number of values. */
const CACHED_VALUES_MAX = 1 << 24;

/** Rows gathered at a time. */
const GATHER_ROWS = 8192;

/**
 * Candidates (at most `limit`, the rest left out at random), labelled and pending rows that have probabilities.
 *
 * @throws E_PROBABILITY_ROWS at a candidate whose probabilities cannot be.
 */
export function pathRows(
  context: SelectContext,
  pool: Pool,
  limit: number,
  maxLabelled: number,
  inFlight: InFlightRule,
  notices: Notice[],
): PathRows {
  const covered = pool.probabilities!.n;
  const eligible = rowsOfBitmap(pool.eligible);
  const open = eligible.filter((row) => row < covered);
  if (open.length < eligible.length) {
    notices.push({
      code: "UNSCORED_ROWS",
      level: "warning",
      count: eligible.length - open.length,
      eligible: eligible.length,
    });
  }
  const random = randomOf(context, "candidate-subset");
  const candidates = rowsByKey(pool.keys, truncateAtRandom(open, limit, "candidates", pool.keys, random, notices));
  const known = truncateAtRandom(
    pool.labelled.rows.filter((row) => row < covered),
    ...([maxLabelled, "labelled", pool.keys, randomOf(context, "labelled-subset"), notices] as const),
  );
  const uncovered = pool.labelled.rows.reduce((count, row) => count + (row < covered ? 0 : 1), 0);
  if (uncovered > 0) notices.push({ code: "LABELLED_LEFT_OUT", level: "warning", count: uncovered });
  const labelAt = new Map<number, number>();
  pool.labelled.rows.forEach((row, i) => {
    labelAt.set(row, i);
  });
  const pending = (pool.pending ?? new Uint32Array(0)).filter((row) => row < covered && !labelAt.has(row));
  const nKnown = candidates.length + known.length;
  const rows = new Uint32Array(nKnown + pending.length);
  rows.set(candidates);
  rows.set(rowsByKey(pool.keys, known), candidates.length);
  rows.set(rowsByKey(pool.keys, pending), nKnown);
  const { classes, multi } = pool.labelled;
  const indexOf = new Map(Array.from(rows, (row, i) => [row, i]));
  const keyRank = new Int32Array(rows.length);
  rowsByKey(pool.keys, rows).forEach((row, rank) => {
    keyRank[indexOf.get(row)!] = rank;
  });
  return {
    ...{ rows, indexOf, keyRank },
    nCandidates: candidates.length,
    answerOf(i, classIndex, isPredicted) {
      if (i < candidates.length) return OPEN;
      if (i >= nKnown) return inFlight === "removed" ? GONE : isPredicted ? 1 : 0;
      const at = labelAt.get(rows[i])!;
      if (multi !== undefined) return multi[at * pool.nClasses + classIndex];
      return classes[at] === classIndex ? 1 : 0;
    },
  };
}

/**
 * The path of one class. The margin of a row is P_k − max P + 1e-8·max P in single-label pools, so that the rows predicted
 * to be of the class come last in the order of their confidence, and P_k in multi-label ones.
 *
 * Labelled and pending rows without finite probabilities are left out. Cost O(rows·classes) to read, O(rows·log rows).
 */
export async function classPath(pool: Pool, from: PathRows, classIndex: number): Promise<ClassPath> {
  const isMultiLabel = pool.taskKind === "multi-label";
  const n = from.rows.length;
  const margin = new Float64Array(n);
  await forEachRow(pool, from, (i, row) => {
    margin[i] = marginOf(row, classIndex, isMultiLabel);
  });
  const kept = Array.from(from.rows.keys()).filter((i) => Number.isFinite(margin[i]));
  const order = kept.sort((a, b) => margin[a] - margin[b] || from.keyRank[a] - from.keyRank[b]);
  const positions = new Int32Array(n).fill(-1);
  order.forEach((i, position) => {
    positions[i] = position;
  });
  const predicted = Uint8Array.from(order, (i) => (isPredicted(margin[i], isMultiLabel) ? 1 : 0));
  return {
    class: classIndex,
    rows: Uint32Array.from(order, (i) => from.rows[i]),
    predicted,
    answers: Int8Array.from(order, (i, position) => from.answerOf(i, classIndex, predicted[position] === 1)),
    positionOf: (row) => positions[from.indexOf.get(row) ?? -1] ?? -1,
  };
}

/** Calls `use` with the probabilities of every row; they are read once where they may be kept. */
async function forEachRow(
  pool: Pool,
  from: PathRows,
  use: (i: number, row: Float32Array | Float64Array) => void,
): Promise<void> {
  const { matrix, check } = probabilityInput(pool);
  const { dim, dtype } = matrix;
  const n = from.rows.length;
  const arrayOf = (length: number) => (dtype === "f64" ? new Float64Array(length) : new Float32Array(length));
  const isKept = n * dim <= CACHED_VALUES_MAX;
  if (from.cached === undefined && isKept) {
    const all = arrayOf(n * dim);
    await gatherRows(matrix, from.rows, all);
    for (let i = 0; i < from.nCandidates; i++) check(all, i, dim, from.rows[i]);
    from.cached = all;
  }
  for (let start = 0; start < n; start += GATHER_ROWS) {
    const end = Math.min(n, start + GATHER_ROWS);
    let block = from.cached?.subarray(start * dim, end * dim);
    if (block === undefined) {
      block = arrayOf((end - start) * dim);
      await gatherRows(matrix, from.rows.subarray(start, end), block);
      for (let i = start; i < Math.min(end, from.nCandidates); i++) check(block, i - start, dim, from.rows[i]);
    }
    for (let i = start; i < end; i++) use(i, block.subarray((i - start) * dim, (i - start + 1) * dim));
  }
}

function marginOf(row: Float32Array | Float64Array, classIndex: number, isMultiLabel: boolean): number {
  if (isMultiLabel) return row[classIndex];
  let largest = Number.NEGATIVE_INFINITY;
  for (const p of row) if (p > largest || Number.isNaN(p)) largest = p;
  return row[classIndex] - largest + 1e-8 * largest;
}

/** Whether the model says that a row of this margin is of the class. */
function isPredicted(margin: number, isMultiLabel: boolean): boolean {
  return isMultiLabel ? margin > 0.5 : margin > 0;
}

/** Labels per class, rarest class first, ties by lowest class. */
export function classesByRarity(pool: Pool): number[] {
  const counts = labelCounts(pool) ?? new Float64Array(0);
  return Array.from(counts.keys()).sort((a, b) => counts[a] - counts[b] || a - b);
}
