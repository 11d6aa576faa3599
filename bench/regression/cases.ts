import type { SelectionProblem } from "@/strategies/bmdal/door";
import { denseKernel, drawByCumulation, METHOD_DEFAULTS, runMethod } from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";

export const METHODS = [
  "lcmd-tp",
  "lcmd-p",
  "maxdist-tp",
  "maxdist-p",
  "kmeanspp-p",
  "fw-p",
  "maxdet-p",
  "bait-f-p",
] as const;
export type BenchMethod = (typeof METHODS)[number];

export interface MethodTime {
  readonly method: BenchMethod;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rows: readonly number[];
  readonly evaluatedShare: number;
}

/**
 * Runs one method on features in kernel memory and returns its CPU time. Rows 0 … nKnown − 1 are the train points.
 * `prune: "never"` gives the full passes whose picks every other way must repeat.
 */
export function timeMethod(
  kernels: Kernels,
  values: Float32Array,
  {
    n,
    d,
    nKnown,
    batch,
    method,
    prune,
  }: { n: number; d: number; nKnown: number; batch: number; method: BenchMethod; prune: "auto" | "never" },
): MethodTime {
  const mode = method.endsWith("-tp") ? "tp" : "p";
  const name = method.replace(/-(tp|p)$/, "") as "lcmd" | "maxdist" | "kmeanspp" | "fw" | "maxdet" | "bait-f";
  const problem: SelectionProblem = { kernels, kernel: denseKernel(kernels, values, n, d), nKnown, mode, count: batch };
  const uniform = (pick: number) => ((Math.imul(pick + 1, 2654435761) >>> 0) + 0.5) / 4294967296;
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const mark = kernels.mark();
  const picks = runMethod({ kernels }, name, problem, {
    ...METHOD_DEFAULTS,
    prune,
    sampler: {
      first: () => 0,
      draw: (distances, count, pick, taken) => drawByCumulation(distances, count, uniform(pick), taken),
    },
  });
  kernels.release(mark);
  const used = process.cpuUsage(cpu);
  return {
    method,
    cpuMs: (used.user + used.system) / 1000,
    wallMs: performance.now() - wall,
    rows: picks.rows,
    evaluatedShare: picks.evaluatedShare ?? 1,
  };
}
