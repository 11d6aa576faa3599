import type { Kernels } from "../kernels/types";
import { kernelFloats } from "./embeddingBlock";
import { StrategyError } from "./strategyError";
import type { Pool } from "./types";

/**
 * The last linear layer as a labelling rule.
 *
 * `argmax`: one column per class, the label is the class of the largest logit (ties: lowest class).
 * `sign`: every column decides yes or no on its own, yes where its logit is > 0: multi-label heads, and binary heads with
 * one logit, whose yes is class 1.
 */
export interface LinearModel {
  readonly kind: "argmax" | "sign";
  readonly d: number;
  /** Columns. */
  readonly c: number;
  /** d × c, row-major. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * The pool's head, its shapes checked.
 * @throws E_ARRAY_SHAPE when it does not fit the embeddings or the classes, or holds a value that is not finite.
 */
export function linearModel(pool: Pool): LinearModel {
  const { weights, bias } = pool.head!;
  const d = pool.embeddings!.dim;
  const c = bias.length;
  const isBinaryLogit = c === 1 && pool.nClasses === 2;
  if (weights.length !== d * c || c === 0) {
    throw fault(
      `The head has ${weights.length} weights and ${c} biases; ${d} × ${c} weights were expected for embeddings of ${d} values.`,
    );
  }
  if (pool.nClasses > 0 && c !== pool.nClasses && !isBinaryLogit) {
    throw fault(`The head has ${c} outputs; the project has ${pool.nClasses} classes.`);
  }
  for (const values of [weights, bias]) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) {
        throw fault(`The head holds ${values[i]}; finite weights were expected. Train again.`);
      }
    }
  }
  const kind = pool.taskKind === "multi-label" || isBinaryLogit ? "sign" : "argmax";
  return { kind, d, c, weights, bias };
}

/** Classes a prediction of the model is spread over: a single logit stands for two. */
export function nClassesOf(model: LinearModel, isMultiLabel: boolean): number {
  return model.kind === "sign" && !isMultiLabel ? 2 : model.c;
}

/**
 * out (n × c) = x · weights + bias for any weights of `columns` columns; float32, always by the same kernel path, so that a
 * column's bits do not depend on the columns beside it.
 *
 * @param padded weights as d × `columns`, `columns` from {@link paddedColumns}.
 */
export function linearOutputs(
  kernels: Kernels,
  args: { x: Float32Array; n: number; d: number; weights: Float32Array; bias: Float32Array; columns: number },
  out: Float32Array,
): void {
  const { x, n, d, weights, bias, columns } = args;
  kernels.gemm({ m: n, n: columns, k: d, a: x, b: weights, out });
  kernels.addBias(out, n, columns, bias);
}

/** Products with fewer columns take another path through the kernels, which adds up in another order. */
const COLUMNS_MIN = 8;

export function paddedColumns(columns: number): number {
  return Math.max(COLUMNS_MIN, columns);
}

/** The model's weights and bias in `paddedColumns` columns, zeros at the end. */
export function paddedWeights(model: LinearModel): { weights: Float32Array; bias: Float32Array; columns: number } {
  const columns = paddedColumns(model.c);
  if (columns === model.c) return { weights: model.weights, bias: model.bias, columns };
  const weights = new Float32Array(model.d * columns);
  const bias = new Float32Array(columns);
  bias.set(model.bias);
  for (let j = 0; j < model.d; j++) weights.set(model.weights.subarray(j * model.c, (j + 1) * model.c), j * columns);
  return { weights, bias, columns };
}

/** Rows of a chunk that is copied to the kernels' memory, multiplied and looked at before the next. */
export const CHUNK_ROWS = 512;

/**
 * Calls `use` with chunks of rows as float32 in the kernels' memory.
 *
 * @param values n × d, row-major; float64 is rounded.
 */
export function forEachChunk(
  kernels: Kernels,
  values: Float32Array | Float64Array,
  n: number,
  d: number,
  use: (x: Float32Array, start: number, rows: number) => void,
): void {
  const mark = kernels.mark();
  const x = kernelFloats(kernels, Math.min(n, CHUNK_ROWS) * d);
  for (let start = 0; start < n; start += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, n - start);
    x.set(values.subarray(start * d, (start + rows) * d));
    use(x, start, rows);
  }
  kernels.release(mark);
}

/** Copies an array into the kernels' memory while there is room. */
export function kernelCopy(kernels: Kernels, values: Float32Array): Float32Array {
  const copy = kernelFloats(kernels, values.length);
  copy.set(values);
  return copy;
}

function fault(message: string): StrategyError {
  return new StrategyError("E_ARRAY_SHAPE", message);
}
