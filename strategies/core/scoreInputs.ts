import { checkMultiLabelRow, checkProbabilityRow } from "./probabilityRows";
import { StrategyError } from "./strategyError";
import type { Pool, ScoreInput } from "./types";

/** The probabilities as a scorer reads them: distributions, or independent entries in [0, 1] in multi-label projects. */
export function probabilityInput(pool: Pool): ScoreInput {
  const check = pool.taskKind === "multi-label" ? checkMultiLabelRow : checkProbabilityRow;
  return { name: "probabilities", matrix: present(pool.probabilities, "probabilities"), check };
}

/** The embeddings as a scorer reads them: finite values. */
export function embeddingInput(pool: Pool): ScoreInput {
  return { name: "embeddings", matrix: present(pool.embeddings, "embeddings"), check: checkEmbeddingRow };
}

/** One input per posterior sample, checked like probabilities; in regression only for finite values. */
export function posteriorInputs(pool: Pool): ScoreInput[] {
  const check =
    pool.taskKind === "multi-label"
      ? checkMultiLabelRow
      : pool.taskKind === "regression"
        ? checkValueRow
        : checkProbabilityRow;
  return present(pool.posterior, "posterior").samples.map((matrix) => ({ name: "posterior", matrix, check }));
}

function present<T>(value: T | undefined, array: string): T {
  if (value !== undefined) return value;
  throw new StrategyError("E_MISSING_ARRAY", `The score needs ${array}; the pool has none.`);
}

/** @throws E_EMBEDDING_ROWS when a value of the row is NaN or infinite. */
function checkEmbeddingRow(values: Float32Array | Float64Array, index: number, dim: number, row: number): void {
  let sum = 0;
  for (let j = index * dim; j < (index + 1) * dim; j++) sum += values[j];
  if (Number.isFinite(sum)) return;
  throw new StrategyError(
    "E_EMBEDDING_ROWS",
    `Row ${row} of the embeddings holds NaN, infinity or a value too large for float32; finite values were expected. Recompute the features of this item.`,
    { row },
  );
}

function checkValueRow(values: Float32Array | Float64Array, index: number, dim: number, row: number): void {
  for (let j = index * dim; j < (index + 1) * dim; j++) {
    if (Number.isFinite(values[j])) continue;
    throw new StrategyError(
      "E_PROBABILITY_ROWS",
      `Row ${row} of a posterior sample holds ${values[j]}; a finite prediction was expected.`,
      {
        row,
      },
    );
  }
}
