import type { z } from "zod";
import { AppError } from "@/server/errors";
import type { Kernels } from "@/strategies/kernels";
import type { TaskKind, TrainingInput, TrainingTarget } from "./port";

/** Columns of the target: classes, labels or outputs. */
export function targetWidth(target: TrainingTarget): number {
  if (target.kind === "classes") return target.nClasses;
  return target.kind === "multiLabel" ? target.nLabels : target.nOutputs;
}

/**
 * Checks everything a trainer relies on and parses its options.
 *
 * @throws AppError E_BAD_INPUT that names the field, the row and what was expected.
 */
export function checkInput<Options>(
  input: TrainingInput,
  schema: z.ZodType<Options>,
  taskKinds: readonly TaskKind[],
  kernels: Kernels,
): Options {
  const { x, n, d, target, sampleWeights } = input;
  if (!taskKinds.includes(target.kind)) {
    throw bad("target.kind", `this trainer learns ${taskKinds.join(", ")}, got ${target.kind}`);
  }
  if (!Number.isSafeInteger(n) || n < 1) throw bad("n", `expected at least one labelled row, got ${n}`);
  if (!Number.isSafeInteger(d) || d < 1) throw bad("d", `expected at least one feature, got ${d}`);
  checkRows("x", x, n, d);
  checkFinite(kernels, "x", x, n, d);
  checkTarget(kernels, target, n);
  if (sampleWeights !== undefined) checkWeights("sampleWeights", sampleWeights, n);
  checkClassWeights(input);
  const options = schema.safeParse(input.options ?? {});
  if (!options.success) {
    const [issue] = options.error.issues;
    throw bad(["options", ...issue.path].join("."), issue.message);
  }
  return options.data;
}

/** @throws AppError E_BAD_INPUT unless the array holds n rows of d values. */
export function checkRows(name: string, x: Float32Array, n: number, d: number): void {
  if (!Number.isSafeInteger(n) || n < 0) throw bad("n", `expected a whole number of rows, got ${n}`);
  if (x.length < n * d) throw bad(name, `expected ${n}×${d} = ${n * d} values, got ${x.length}`);
}

/** @throws AppError E_BAD_INPUT naming the first row (counted from `firstRow`) with NaN or ±∞. */
export function checkFinite(kernels: Kernels, name: string, x: Float32Array, n: number, d: number, firstRow = 0): void {
  // Finite float32 values cannot overflow a float64 sum, so one pass over memory settles it.
  if (Number.isFinite(kernels.sum(x.subarray(0, n * d)))) return;
  const position = x.findIndex((value) => !Number.isFinite(value));
  throw bad(
    name,
    `expected finite numbers, got ${x[position]} in row ${firstRow + Math.floor(position / d)}, column ${position % d}`,
  );
}

function checkTarget(kernels: Kernels, target: TrainingTarget, n: number): void {
  const width = targetWidth(target);
  if (!Number.isSafeInteger(width) || width < 1) throw bad("target", `expected at least one column, got ${width}`);
  if (target.kind === "classes") {
    if (target.labels.length < n) throw bad("target.labels", `expected ${n} labels, got ${target.labels.length}`);
    for (let i = 0; i < n; i++) {
      if (target.labels[i] < 0 || target.labels[i] >= width) {
        throw bad("target.labels", `expected a class in 0 … ${width - 1}, got ${target.labels[i]} in row ${i}`);
      }
    }
    return;
  }
  const values = target.kind === "multiLabel" ? target.labels : target.values;
  if (values.length < n * width) throw bad("target", `expected ${n}×${width} values, got ${values.length}`);
  checkFinite(kernels, "target", values, n, width);
  if (target.kind === "multiLabel") {
    const position = values.subarray(0, n * width).findIndex((value) => value !== 0 && value !== 1);
    if (position >= 0) throw bad("target.labels", `expected 0 or 1, got ${values[position]} at position ${position}`);
  }
}

function checkWeights(name: string, weights: ArrayLike<number>, n: number): void {
  if (weights.length < n) throw bad(name, `expected ${n} weights, got ${weights.length}`);
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (!(weights[i] >= 0 && Number.isFinite(weights[i]))) {
      throw bad(name, `expected numbers ≥ 0, got ${weights[i]} at position ${i}`);
    }
    total += weights[i];
  }
  if (total === 0) throw bad(name, "expected at least one weight above 0");
}

function checkClassWeights({ classWeights, target }: TrainingInput): void {
  if (classWeights === "none") return;
  if (target.kind !== "classes") throw bad("classWeights", `expected "none" for ${target.kind}`);
  if (classWeights !== "balanced") checkWeights("classWeights", classWeights, target.nClasses);
}

function bad(field: string, why: string): AppError {
  return new AppError("E_BAD_INPUT", `The model input is wrong at ${field}: ${why}.`, { details: { field } });
}
