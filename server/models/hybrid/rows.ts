import type { Kernels } from "@/strategies/kernels";
import type { TrainingTarget } from "../port";

/** Labelled rows in kernel memory. */
export interface Rows {
  /** n×d. */
  x: Float32Array;
  n: number;
  d: number;
  target: TrainingTarget;
  /** Mean 1 over all labelled rows; undefined when all count alike. */
  rowWeights: Float32Array | undefined;
}

/** A view of rows start … end − 1. */
export function sliceRows({ x, d, target, rowWeights }: Rows, start: number, end: number): Rows {
  return {
    x: x.subarray(start * d, end * d),
    n: end - start,
    d,
    target: sliceTarget(target, start, end),
    rowWeights: rowWeights?.subarray(start, end),
  };
}

function sliceTarget(target: TrainingTarget, start: number, end: number): TrainingTarget {
  if (target.kind === "classes") return { ...target, labels: target.labels.subarray(start, end) };
  if (target.kind === "multiLabel") {
    return { ...target, labels: target.labels.subarray(start * target.nLabels, end * target.nLabels) };
  }
  return { ...target, values: target.values.subarray(start * target.nOutputs, end * target.nOutputs) };
}

/** Sum of the row weights: what a summed loss is divided by. */
export function weightSum(kernels: Kernels, { n, rowWeights }: Rows): number {
  return rowWeights === undefined ? n : kernels.sum(rowWeights.subarray(0, n));
}

/** Buffers in kernel memory for at most `batchMax` rows of the kind of `rows`. */
export function allocBatch(kernels: Kernels, { d, target, rowWeights }: Rows, batchMax: number): Rows {
  return {
    x: kernels.allocF32(batchMax * d),
    n: batchMax,
    d,
    target: allocTarget(kernels, target, batchMax),
    rowWeights: rowWeights === undefined ? undefined : kernels.allocF32(batchMax),
  };
}

function allocTarget(kernels: Kernels, target: TrainingTarget, n: number): TrainingTarget {
  if (target.kind === "classes") return { ...target, labels: kernels.allocI32(n) };
  if (target.kind === "multiLabel") return { ...target, labels: kernels.allocF32(n * target.nLabels) };
  return { ...target, values: kernels.allocF32(n * target.nOutputs) };
}

/** Copies the chosen rows into a batch and returns a view of that many rows. */
export function gatherBatch(kernels: Kernels, from: Rows, chosen: Int32Array, batch: Rows): Rows {
  const n = chosen.length;
  kernels.gatherRows({ x: from.x, d: from.d, rows: chosen, out: batch.x });
  if (from.rowWeights !== undefined && batch.rowWeights !== undefined) {
    kernels.gatherRows({ x: from.rowWeights, d: 1, rows: chosen, out: batch.rowWeights });
  }
  if (from.target.kind === "classes" && batch.target.kind === "classes") {
    for (let i = 0; i < n; i++) batch.target.labels[i] = from.target.labels[chosen[i]];
  } else {
    const { values, width } = valuesOf(from.target);
    kernels.gatherRows({ x: values, d: width, rows: chosen, out: valuesOf(batch.target).values });
  }
  return sliceRows(batch, 0, n);
}

function valuesOf(target: TrainingTarget): { values: Float32Array; width: number } {
  if (target.kind === "multiLabel") return { values: target.labels, width: target.nLabels };
  if (target.kind === "number") return { values: target.values, width: target.nOutputs };
  return { values: new Float32Array(0), width: 0 };
}
