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
  readonly margins: Float64Array;
  /** 0 or 1 where the row is labelled or counts as such, {@link OPEN} where it may be picked, {@link GONE} where neither. */
  readonly answers: Int8Array;
  /** Where each row stands on the path. */
  readonly positionOf: ReadonlyMap<number, number>;
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
}

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
  return {
    rows,
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
  const { matrix, check } = probabilityInput(pool);
  const { dim } = matrix;
  const isMultiLabel = pool.taskKind === "multi-label";
  const n = from.rows.length;
  const margin = new Float64Array(n);
  const source = new Float64Array(Math.min(n, GATHER_ROWS) * dim);
  for (let start = 0; start < n; start += GATHER_ROWS) {
    const end = Math.min(n, start + GATHER_ROWS);
    await gatherRows(matrix, from.rows.subarray(start, end), source);
    for (let i = start; i < end; i++) {
      const at = i - start;
      if (i < from.nCandidates) check(source, at, dim, from.rows[i]);
      margin[i] = marginOf(source.subarray(at * dim, (at + 1) * dim), classIndex, isMultiLabel);
    }
  }
  const kept = Array.from(from.rows.keys()).filter((i) => Number.isFinite(margin[i]));
  const rank = new Map<number, number>();
  rowsByKey(pool.keys, from.rows).forEach((row, i) => {
    rank.set(row, i);
  });
  const order = kept.sort((a, b) => margin[a] - margin[b] || rank.get(from.rows[a])! - rank.get(from.rows[b])!);
  const rows = Uint32Array.from(order, (i) => from.rows[i]);
  const margins = Float64Array.from(order, (i) => margin[i]);
  const positionOf = new Map<number, number>();
  rows.forEach((row, position) => {
    positionOf.set(row, position);
  });
  const answers = Int8Array.from(order, (i) => from.answerOf(i, classIndex, isPredicted(margin[i], isMultiLabel)));
  return { class: classIndex, rows, margins, answers, positionOf };
}

function marginOf(row: Float64Array, classIndex: number, isMultiLabel: boolean): number {
  if (isMultiLabel) return row[classIndex];
  let largest = Number.NEGATIVE_INFINITY;
  for (const p of row) if (p > largest || Number.isNaN(p)) largest = p;
  return row[classIndex] - largest + 1e-8 * largest;
}

/** Whether the model says that a row of this margin is of the class. */
export function isPredicted(margin: number, isMultiLabel: boolean): boolean {
  return isMultiLabel ? margin > 0.5 : margin > 0;
}

/** Labels per class, rarest class first, ties by lowest class. */
export function classesByRarity(pool: Pool): number[] {
  const counts = labelCounts(pool) ?? new Float64Array(0);
  return Array.from(counts.keys()).sort((a, b) => counts[a] - counts[b] || a - b);
}
