import { rowsOfBitmap } from "./bitmap";
import { rowsBelow } from "./embeddedCandidates";
import { checkMultiLabelRow, checkProbabilityRow } from "./probabilityRows";
import { gatherRows } from "./rowMatrix";
import { StrategyError } from "./strategyError";
import type { Candidates, Notice, Pool, RowMatrix } from "./types";

/** Rows whose predictions are read at a time. */
const GATHER_ROWS = 8192;

/** All eligible rows that have both a prediction and an embedding; the others are left out with a notice. */
export function predictedCandidates(pool: Pool): Candidates {
  const notices: Notice[] = [];
  const covered = Math.min(pool.embeddings?.n ?? 0, pool.probabilities?.n ?? 0);
  return { ...rowsBelow({ rows: rowsOfBitmap(pool.eligible), notices: [] }, covered, notices), notices };
}

/**
 * Predictions of rows in the order given, rows.length × nClasses, every row checked.
 *
 * @throws E_PROBABILITY_ROWS naming the first row that is not a distribution (multi-label: not in [0, 1]).
 */
export async function gatherPredictions(pool: Pool, rows: Uint32Array): Promise<Float64Array> {
  const matrix = probabilitiesOf(pool);
  const check = pool.taskKind === "multi-label" ? checkMultiLabelRow : checkProbabilityRow;
  const values = new Float64Array(rows.length * matrix.dim);
  for (let start = 0; start < rows.length; start += GATHER_ROWS) {
    const end = Math.min(rows.length, start + GATHER_ROWS);
    await gatherRows(matrix, rows.subarray(start, end), values.subarray(start * matrix.dim, end * matrix.dim));
    for (let i = start; i < end; i++) check(values, i, matrix.dim, rows[i]);
  }
  return values;
}

/**
 * Those of the rows that have a usable prediction and a finite embedding, in the order given. Labelled and pending rows
 * need not have any: models are asked about what may still be picked.
 */
export async function withPredictions(pool: Pool, rows: Uint32Array): Promise<Uint32Array> {
  const matrix = probabilitiesOf(pool);
  const embeddings = pool.embeddings;
  const covered = Math.min(matrix.n, embeddings?.n ?? 0);
  const known = rows.filter((row) => row < covered);
  const check = pool.taskKind === "multi-label" ? checkMultiLabelRow : checkProbabilityRow;
  const isUsable = new Uint8Array(known.length).fill(1);
  for (let start = 0; start < known.length; start += GATHER_ROWS) {
    const part = known.subarray(start, start + GATHER_ROWS);
    const p = new Float64Array(part.length * matrix.dim);
    const x = new Float64Array(part.length * embeddings!.dim);
    await gatherRows(matrix, part, p);
    await gatherRows(embeddings!, part, x);
    for (let i = 0; i < part.length; i++) {
      if (!isValid(check, p, i, matrix.dim, part[i]) || !isFiniteRow(x, i, embeddings!.dim)) isUsable[start + i] = 0;
    }
  }
  return known.filter((_, i) => isUsable[i] === 1);
}

function isValid(check: typeof checkProbabilityRow, values: Float64Array, index: number, dim: number, row: number) {
  try {
    check(values, index, dim, row);
    return true;
  } catch (error) {
    // Only what the check says about the row; anything else is a fault of ours.
    if (error instanceof StrategyError && error.code === "E_PROBABILITY_ROWS") return false;
    throw error;
  }
}

function isFiniteRow(values: Float64Array, index: number, dim: number): boolean {
  let sum = 0;
  for (let j = index * dim; j < (index + 1) * dim; j++) sum += values[j];
  return Number.isFinite(sum);
}

function probabilitiesOf(pool: Pool): RowMatrix {
  if (pool.probabilities !== undefined) return pool.probabilities;
  throw new StrategyError("E_MISSING_ARRAY", "Predictions are needed; the pool has no probabilities.");
}
