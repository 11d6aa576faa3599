import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import type { Kernels } from "@/strategies/kernels";
import { loadKernels } from "../loadKernels";
import type { TrainingContext, TrainingInput } from "../port";

const MIB = 1024 * 1024;

export async function openTestKernels(): Promise<Kernels> {
  await ensureKernelsBuilt();
  return loadKernels({ memoryBytes: 512 * MIB });
}

export function trainingContext(kernels: Kernels, overrides: Partial<TrainingContext> = {}): TrainingContext {
  return {
    kernels,
    monotonicMs: () => performance.now(),
    progress: () => undefined,
    signal: { aborted: false },
    ...overrides,
  };
}

/** A training input with plain settings; give the fields that matter. */
export function trainingInput(fields: Pick<TrainingInput, "x" | "n" | "d" | "target"> & Partial<TrainingInput>) {
  return { classWeights: "none", seed: 1, options: {}, ...fields } satisfies TrainingInput;
}
