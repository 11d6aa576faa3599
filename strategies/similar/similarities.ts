import { gatherRows } from "../core/rowMatrix";
import { embeddingInput, probabilityInput } from "../core/scoreInputs";
import type { Pool, RowMatrix, SelectContext } from "../core/types";

/** A labelled example that picks shall be like. */
export interface Query {
  readonly row: number;
  readonly class: number;
}

/** Rows gathered at a time. */
const GATHER_ROWS = 8192;

/**
 * Cosine similarity of every candidate with every query: of the embeddings, and with `isGradient` times that of
 * onehot(argmax P) − P. A vector of length 0 is like nothing.
 *
 * @returns candidates × queries. Cost O(candidates·queries·(d + classes)); memory one block besides.
 * @throws E_EMBEDDING_ROWS, E_PROBABILITY_ROWS at a candidate that cannot be used.
 */
export async function similarities(
  context: SelectContext,
  pool: Pool,
  rows: Uint32Array,
  queries: readonly Query[],
  isGradient: boolean,
): Promise<Float64Array> {
  const embeddings = embeddingInput(pool);
  const probabilities = probabilityInput(pool);
  const queryRows = Uint32Array.from(queries, (query) => query.row);
  const of = await unitRows(embeddings.matrix, queryRows);
  const residuals = await unitResiduals(probabilities.matrix, queryRows);
  const q = queries.length;
  const out = new Float64Array(rows.length * q);
  for (let start = 0; start < rows.length; start += GATHER_ROWS) {
    context.checkAbort();
    const part = rows.subarray(start, start + GATHER_ROWS);
    const x = await unitRows(embeddings.matrix, part, embeddings.check);
    const r = await unitResiduals(probabilities.matrix, part, probabilities.check);
    for (let i = 0; i < part.length; i++) {
      for (let j = 0; j < q; j++) {
        const likeness = dot(x, i, of, j, embeddings.matrix.dim);
        const sameError = isGradient ? dot(r, i, residuals, j, probabilities.matrix.dim) : 1;
        out[(start + i) * q + j] = likeness * sameError;
      }
    }
  }
  return out;
}

type RowCheck = ReturnType<typeof embeddingInput>["check"];

/** Rows scaled to length 1; rows of length 0, and unchecked ones that are not finite, become 0. */
async function unitRows(matrix: RowMatrix, rows: Uint32Array, check?: RowCheck): Promise<Float64Array> {
  const values = new Float64Array(rows.length * matrix.dim);
  await gatherRows(matrix, rows, values);
  if (check !== undefined) for (const [i, row] of rows.entries()) check(values, i, matrix.dim, row);
  scaleToUnit(values, matrix.dim);
  return values;
}

async function unitResiduals(matrix: RowMatrix, rows: Uint32Array, check?: RowCheck): Promise<Float64Array> {
  const { dim } = matrix;
  const values = new Float64Array(rows.length * dim);
  await gatherRows(matrix, rows, values);
  rows.forEach((row, i) => {
    check?.(values, i, dim, row);
    let best = 0;
    for (let j = 1; j < dim; j++) if (values[i * dim + j] > values[i * dim + best]) best = j;
    for (let j = 0; j < dim; j++) values[i * dim + j] = (j === best ? 1 : 0) - values[i * dim + j];
  });
  scaleToUnit(values, dim);
  return values;
}

function scaleToUnit(values: Float64Array, dim: number): void {
  for (let at = 0; at < values.length; at += dim) {
    let sum = 0;
    for (let j = at; j < at + dim; j++) sum += values[j] * values[j];
    const scale = sum > 0 && Number.isFinite(sum) ? 1 / Math.sqrt(sum) : 0;
    for (let j = at; j < at + dim; j++) values[j] = scale === 0 ? 0 : values[j] * scale;
  }
}

function dot(a: Float64Array, i: number, b: Float64Array, j: number, dim: number): number {
  let sum = 0;
  for (let k = 0; k < dim; k++) sum += a[i * dim + k] * b[j * dim + k];
  return sum;
}
