import type { Multiply } from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";
import type { GemmProvider } from "../hybrid/gemmProvider";

/** The products of a network: float32 on the provider, float64 (tests and references) on the kernels. */
export function openMultiply(kernels: Kernels, gemm: GemmProvider["gemm"]): Multiply {
  return (args) => {
    const { a, b, out } = args;
    if (a instanceof Float64Array && b instanceof Float64Array && out instanceof Float64Array) {
      return kernels.gemmF64({ ...args, a, b, out });
    }
    if (a instanceof Float32Array && b instanceof Float32Array && out instanceof Float32Array) {
      return gemm({ ...args, a, b, out });
    }
    throw new RangeError("A network's inputs and parameters must have one element type.");
  };
}
