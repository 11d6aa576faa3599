import { hasBit } from "./bitmap";
import type { Pool } from "./types";

/** Rows of one batch whose outcome is still to come, and the arm that supplied each. Plain JSON. */
export interface OpenBatch {
  readonly round: number;
  /** Whether an answer of this batch has already been credited: the discount of the batch has then been applied. */
  readonly isClosed: boolean;
  readonly rows: readonly number[];
  readonly arms: readonly string[];
  /** Probability with which the row's arm was drawn, where a method needs it. */
  readonly chances?: readonly number[];
}

export interface RowOutcome {
  readonly row: number;
  readonly arm: string;
  readonly chance: number | null;
  /** 1 where the class applies, nClasses entries; empty where the outcome is no label. */
  readonly label: readonly number[];
}

/** What became of one open batch since it was picked. */
export interface BatchOutcome {
  readonly batch: OpenBatch;
  readonly labelled: readonly RowOutcome[];
  readonly skipped: readonly RowOutcome[];
  /** Rows that are eligible again: they were never answered and have no owner any more. */
  readonly withdrawn: readonly RowOutcome[];
  /** The batch with the rows that are still out. */
  readonly left: OpenBatch;
}

/** A batch is given up when this many rounds have passed since: its rows will hardly be answered. */
const ROUNDS_OPEN_MAX = 100;

/**
 * Sorts the rows of earlier batches by what became of them: labelled, skipped as unanswerable, served again, or still
 * out. A row counts once: a batch that is closed later credits only what has arrived since.
 *
 * Cost O(labelled + open rows).
 */
export function settleOpenRows(pool: Pool, batches: readonly OpenBatch[], round: number): BatchOutcome[] {
  const labelAt = new Map<number, number>();
  const open = new Set(batches.flatMap((batch) => batch.rows));
  pool.labelled.rows.forEach((row, i) => {
    if (open.has(row)) labelAt.set(row, i);
  });
  const skippedRows = new Set(pool.skipped ?? []);
  const pending = new Set(pool.pending ?? []);
  return batches.map((batch): BatchOutcome => {
    const labelled: RowOutcome[] = [];
    const skipped: RowOutcome[] = [];
    const withdrawn: RowOutcome[] = [];
    const left: number[] = [];
    const isGivenUp = round - batch.round > ROUNDS_OPEN_MAX;
    batch.rows.forEach((row, i) => {
      const outcome = { row, arm: batch.arms[i], chance: batch.chances?.[i] ?? null, label: [] };
      const at = labelAt.get(row);
      if (at !== undefined) labelled.push({ ...outcome, label: labelVector(pool, at) });
      else if (skippedRows.has(row)) skipped.push(outcome);
      else if (!pending.has(row) && (hasBit(pool.eligible, row) || isGivenUp)) withdrawn.push(outcome);
      else left.push(i);
    });
    return {
      batch,
      ...{ labelled, skipped, withdrawn },
      left: {
        round: batch.round,
        isClosed: batch.isClosed || labelled.length > 0,
        rows: left.map((i) => batch.rows[i]),
        arms: left.map((i) => batch.arms[i]),
        ...(batch.chances === undefined ? {} : { chances: left.map((i) => batch.chances![i]) }),
      },
    };
  });
}

/** The label of the i-th labelled row as nClasses numbers in {0, 1}. */
function labelVector(pool: Pool, i: number): number[] {
  const { nClasses, labelled } = pool;
  if (labelled.multi !== undefined) return Array.from(labelled.multi.subarray(i * nClasses, (i + 1) * nClasses));
  const label = new Array<number>(nClasses).fill(0);
  label[labelled.classes[i]] = 1;
  return label;
}
