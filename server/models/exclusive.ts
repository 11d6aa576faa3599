import { AppError } from "@/server/errors";
import type { Kernels } from "@/strategies/kernels";
import { KernelMemoryError } from "@/strategies/kernels";

const lastWork = new WeakMap<Kernels, Promise<unknown>>();

/**
 * Runs `work` when everything started earlier on the same kernels has ended, and gives back all kernel memory it
 * allocated. Their memory is a stack, so two jobs that wait for something in between would free each other's arrays.
 * Must not be nested.
 *
 * @throws AppError E_TOO_LARGE when kernel memory does not suffice, and whatever `work` throws.
 */
export function exclusive<T>(kernels: Kernels, work: () => Promise<T>): Promise<T> {
  const run = async (): Promise<T> => {
    const mark = kernels.mark();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KernelMemoryError)) throw error;
      throw new AppError("E_TOO_LARGE", `The work does not fit the compute process. ${error.message}`, {
        cause: error,
      });
    } finally {
      kernels.release(mark);
    }
  };
  // The outcome of earlier work belongs to its own caller.
  const result = (lastWork.get(kernels) ?? Promise.resolve()).then(run, run);
  lastWork.set(kernels, result);
  return result;
}
