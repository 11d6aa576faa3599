import { performance } from "node:perf_hooks";
import { KeyedRandom } from "@/strategies";
import type { BmdalSpec, KernelRows } from "@/strategies/bmdal/door";
import {
  applyChain,
  demandedPrecision,
  denseKernel,
  drawByCumulation,
  formatBmdalSpec,
  gatherFeatures,
  gaussianMatrix,
  infiniteKernel,
  inPrecision,
  laplaceKernel,
  METHOD_DEFAULTS,
  parseBmdalSpec,
  runMethod,
} from "@/strategies/bmdal/door";
import type { Floats, Kernels } from "@/strategies/kernels";
import { integerOption, UsageError } from "../cliError";
import { cliKernels } from "../cliKernels";
import { npyMatrix } from "../npy/npyValues";
import { openNpy } from "../npy/openNpy";
import type { SelectFlags } from "./selectRows";
import { stacked } from "./selectRows";

/** The infinite network the kernels `nngp` and `ntk` stand for: that of the benchmark. */
const INFINITE_NETWORK = { layers: 3, weightGain: 0.2, biasGain: 0 } as const;

/**
 * `winnow select --strategy "lcmd-p / linear → train"`: a whole method of the framework on given feature matrices.
 *
 * @throws UsageError for kernels that belong to a trained network, and where features are missing or disagree.
 */
export async function selectByMethod(flags: SelectFlags): Promise<Record<string, unknown>> {
  const spec = parseBmdalSpec(flags.strategy ?? "");
  const { method } = spec;
  if (spec.base === "ll" || spec.base === "grad") {
    throw new UsageError(
      `--strategy: ${spec.base} needs a trained network; on files take linear, nngp, ntk or laplace.`,
    );
  }
  if (method === "random") throw new UsageError("--strategy: random needs no kernel; take --strategy random.");
  if (flags.pool === undefined) throw new UsageError("--pool X.npy is needed.");
  if (flags.options !== undefined)
    throw new UsageError("--options goes with the id of a strategy; here the text says all.");
  const known = flags.train === undefined ? undefined : npyMatrix(openNpy(flags.train), "--train");
  const candidates = npyMatrix(openNpy(flags.pool), "--pool");
  if (known !== undefined && known.dim !== candidates.dim) {
    throw new UsageError(`--train has ${known.dim} columns and --pool ${candidates.dim}; they must agree.`);
  }
  const nKnown = known?.n ?? 0;
  const [n, d] = [nKnown + candidates.n, candidates.dim];
  const precision = demandedPrecision(spec);
  const { kernels } = await cliKernels(2 * n * d * (precision === "f64" ? 8 : 4));
  const all = known === undefined ? candidates : stacked(known, candidates);
  const rows = Uint32Array.from({ length: n }, (_, row) => row);
  const values = await gatherFeatures(kernels, all, rows, precision);
  const count = Math.min(integerOption("--batch", flags.batch, 1), candidates.n);
  const start = performance.now();
  let jitter = 0;
  const context = { kernels, onJitter: (epsilon: number) => (jitter = epsilon) };
  const random = new KeyedRandom(flags.seed, "select");
  const input = { nKnown, gaussian: (step: number) => gaussianMatrix(flags.seed, `step ${step}`), isFaithful: false };
  const kernel = applyChain(context, [baseKernel(kernels, spec, values, n, d)], spec, input, precision);
  const problem = { kernels, kernel, nKnown, mode: spec.mode ?? "p", count } as const;
  const picks = runMethod(context, method, problem, {
    ...METHOD_DEFAULTS,
    order: "published",
    sampler: {
      first: (rows) => random.below(rows, 0, 1),
      draw: (distances, rows, pick, taken) => drawByCumulation(distances, rows, random.uniform(pick), taken),
    },
  });
  return {
    rows: picks.rows,
    scores: picks.scores,
    // What could not be picked by the method is left out, never filled up.
    status: picks.rows.length === count ? "ok" : "partial",
    stopped: picks.stopped ?? null,
    dtype: precision,
    jitter,
    evaluatedShare: picks.evaluatedShare ?? 1,
    seconds: (performance.now() - start) / 1000,
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
    threads: 1,
    kernels: kernels.kind,
    seed: flags.seed,
    method: formatBmdalSpec(spec),
  };
}

function baseKernel(kernels: Kernels, spec: BmdalSpec, x: Floats, n: number, d: number): KernelRows {
  const data = { x: inPrecision(kernels, x, demandedPrecision(spec)), n, d };
  if (spec.base === "laplace") return laplaceKernel(kernels, data, 1);
  if (spec.base === "nngp" || spec.base === "ntk") return infiniteKernel(kernels, spec.base, data, INFINITE_NETWORK);
  return denseKernel(kernels, data.x, n, d);
}
