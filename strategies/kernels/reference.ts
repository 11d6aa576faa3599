import { featureReference } from "./reference/features";
import { matrixReference } from "./reference/matrix";
import { rowReference } from "./reference/rows";
import { selectionReference } from "./reference/selection";
import { sparseReference } from "./reference/sparse";
import { trainingReference } from "./reference/training";
import type { Kernels } from "./types";

/**
 * Kernels in plain TypeScript: the truth the WASM kernels are tested against, and enough for tests and small data.
 * They have no memory of their own: `alloc*` gives ordinary arrays, `mark` and `release` do nothing.
 */
export function createReferenceKernels(): Kernels {
  return {
    kind: "reference",
    memory: undefined,
    allocF32: (n) => new Float32Array(n),
    allocF64: (n) => new Float64Array(n),
    allocI32: (n) => new Int32Array(n),
    mark: () => 0,
    release: () => undefined,
    ...matrixReference,
    ...rowReference,
    ...selectionReference,
    ...sparseReference,
    ...trainingReference,
    ...featureReference,
  };
}
