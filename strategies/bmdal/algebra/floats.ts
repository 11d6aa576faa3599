import type { Floats, Kernels } from "../../kernels/types";
import type { Precision } from "./types";

/**
 * An array in the kernels' own memory while there is room, else an ordinary one: kernels give the same bits for both
 * and only copy more. The caller releases with mark and release.
 */
export function allocFloats(kernels: Kernels, precision: "f64", n: number): Float64Array;
export function allocFloats(kernels: Kernels, precision: "f32", n: number): Float32Array;
export function allocFloats(kernels: Kernels, precision: Precision, n: number): Floats;
export function allocFloats(kernels: Kernels, precision: Precision, n: number): Floats {
  try {
    return precision === "f64" ? kernels.allocF64(n) : kernels.allocF32(n);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return precision === "f64" ? new Float64Array(n) : new Float32Array(n);
  }
}

export function allocIntegers(kernels: Kernels, n: number): Int32Array {
  try {
    return kernels.allocI32(n);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new Int32Array(n);
  }
}

export function precisionOf(values: Floats): Precision {
  return values instanceof Float64Array ? "f64" : "f32";
}

/** The values in the wanted precision: the same array where it has it, else a converted copy. */
export function inPrecision(kernels: Kernels, values: Floats, precision: Precision): Floats {
  if (precisionOf(values) === precision) return values;
  const copy = allocFloats(kernels, precision, values.length);
  copy.set(values);
  return copy;
}

/** out (m×n) = op(a)·op(b) in the precision of its arrays, which must agree. */
export function multiply(
  kernels: Kernels,
  args: {
    m: number;
    n: number;
    k: number;
    a: Floats;
    b: Floats;
    out: Floats;
    transA?: boolean;
    transB?: boolean;
    alpha?: number;
    beta?: number;
  },
): void {
  const { a, b, out } = args;
  if (a instanceof Float64Array && b instanceof Float64Array && out instanceof Float64Array) {
    kernels.gemmF64({ ...args, a, b, out });
  } else if (a instanceof Float32Array && b instanceof Float32Array && out instanceof Float32Array) {
    kernels.gemm({ ...args, a, b, out });
  } else throw new RangeError("multiply: the three matrices must have one element type.");
}
