import type { Kernels } from "../kernels/types";
import { kernelFloats } from "./embeddingBlock";
import type { LinearModel } from "./linearModel";
import { forEachChunk, linearOutputs, paddedWeights } from "./linearModel";

/** Stands for the distance to a boundary that does not exist: classes with equal weights, or only one class. No embedding is so far. */
export const NO_BOUNDARY = 2 ** 30;

/** Lengths of the differences of class weights, c × c, or of the columns (models that decide by sign). */
export function weightGaps({ kind, d, c, weights }: LinearModel): Float64Array {
  const gaps = new Float64Array(kind === "sign" ? c : c * c);
  for (let a = 0; a < c; a++) {
    for (let b = 0; b < (kind === "sign" ? 1 : a); b++) {
      let sum = 0;
      for (let j = 0; j < d; j++) {
        const other = kind === "sign" ? 0 : weights[j * c + b];
        sum += (weights[j * c + a] - other) ** 2;
      }
      const length = Math.sqrt(sum);
      if (kind === "sign") gaps[a] = length;
      else {
        gaps[a * c + b] = length;
        gaps[b * c + a] = length;
      }
    }
  }
  return gaps;
}

/** Called with the logits of one row: `at` is where they start. */
export type UseLogits = (row: number, logits: Float32Array | Float64Array, at: number) => void;

/** Logits of n rows, chunk by chunk; in float64 where the values are. */
export function forEachLogits(
  kernels: Kernels,
  model: LinearModel,
  values: Float32Array | Float64Array,
  n: number,
  use: UseLogits,
): void {
  if (values instanceof Float64Array) {
    const logits = new Float64Array(model.c);
    for (let i = 0; i < n; i++) {
      exactLogits(model, values, i * model.d, logits);
      use(i, logits, 0);
    }
    return;
  }
  const { weights, bias, columns } = paddedWeights(model);
  forEachChunk(kernels, values, n, model.d, (x, start, rows) => {
    const mark = kernels.mark();
    const logits = kernelFloats(kernels, rows * columns);
    linearOutputs(kernels, { x, n: rows, d: model.d, weights, bias, columns }, logits);
    for (let i = 0; i < rows; i++) use(start + i, logits, i * columns);
    kernels.release(mark);
  });
}

/** Logits of one row in float64. */
export function exactLogits(
  { d, c, weights, bias }: LinearModel,
  values: Float32Array | Float64Array,
  at: number,
  out: Float64Array,
): void {
  for (let k = 0; k < c; k++) out[k] = bias[k];
  for (let j = 0; j < d; j++) {
    const value = values[at + j];
    if (value !== 0) for (let k = 0; k < c; k++) out[k] += value * weights[j * c + k];
  }
}

/**
 * Distances of one row to the boundaries between its predicted class and every class, in the space of the embeddings:
 * |z_a − z_b| / |w_a − w_b|. Where a class has the weights of the predicted one there is no boundary: {@link NO_BOUNDARY}.
 * The predicted class itself gets the distance to the nearest other. By sign: |z_j| / |w_j| of every column.
 *
 * @param out one distance per class; a single logit gives both classes the same.
 * @returns the predicted class and the class of the nearest boundary; the latter is −1 when there is none.
 */
export function boundaryDistances(
  { kind, c }: LinearModel,
  gaps: Float64Array,
  logits: Float32Array | Float64Array,
  at: number,
  out: Float64Array,
): readonly [predicted: number, nearest: number] {
  if (kind === "sign") return signDistances(c, gaps, logits, at, out);
  let predicted = 0;
  for (let j = 1; j < c; j++) if (logits[at + j] > logits[at + predicted]) predicted = j;
  let nearest = -1;
  for (let j = 0; j < c; j++) {
    if (j === predicted) continue;
    const gap = gaps[predicted * c + j];
    out[j] = gap === 0 ? NO_BOUNDARY : Math.min(NO_BOUNDARY, (logits[at + predicted] - logits[at + j]) / gap);
    if (out[j] < NO_BOUNDARY && (nearest < 0 || out[j] < out[nearest])) nearest = j;
  }
  out[predicted] = nearest < 0 ? NO_BOUNDARY : out[nearest];
  return [predicted, nearest];
}

function signDistances(
  c: number,
  gaps: Float64Array,
  logits: Float32Array | Float64Array,
  at: number,
  out: Float64Array,
): readonly [number, number] {
  let nearest = -1;
  for (let j = 0; j < c; j++) {
    out[j] = gaps[j] === 0 ? NO_BOUNDARY : Math.min(NO_BOUNDARY, Math.abs(logits[at + j]) / gaps[j]);
    if (out[j] < NO_BOUNDARY && (nearest < 0 || out[j] < out[nearest])) nearest = j;
  }
  if (out.length === c) return [nearest, nearest];
  // One logit for two classes.
  out[1] = out[0];
  const predicted = logits[at] > 0 ? 1 : 0;
  return [predicted, nearest < 0 ? -1 : 1 - predicted];
}
