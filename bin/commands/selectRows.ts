import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { LinearHead, Pool, RowMatrix, RowRange } from "@/strategies";
import { bitmapFromRows, listPicks, normalizeSpec, runSpec, specCost } from "@/strategies";
import { integerOption, jsonOption, UsageError } from "../cliError";
import { cliKernels } from "../cliKernels";
import { npyClasses, npyMatrix, npyVector } from "../npy/npyValues";
import { openNpy } from "../npy/openNpy";

/** The flags of `winnow select`, as texts. */
export interface SelectFlags {
  readonly strategy?: string;
  readonly spec?: string;
  readonly options?: string;
  readonly batch: string;
  readonly seed: string;
  readonly frameSeed?: string;
  readonly probabilities?: string;
  readonly trainProbabilities?: string;
  readonly pool?: string;
  readonly train?: string;
  readonly trainLabels?: string;
  readonly headWeights?: string;
  readonly headBias?: string;
  readonly threads?: string;
}

/** `winnow select`: one selection on NumPy files, as the object that is printed. */
export async function selectRows(flags: SelectFlags): Promise<Record<string, unknown>> {
  const spec = specOf(flags);
  const batch = integerOption("--batch", flags.batch, 1);
  const threads = integerOption("--threads", flags.threads ?? "1", 1);
  const { pool, n } = poolOf(flags);
  const cost = specCost(spec, {
    eligible: n,
    labelled: pool.labelled.rows.length + (pool.pending?.length ?? 0),
    nClasses: pool.nClasses,
    embeddingDim: pool.embeddings?.dim ?? 0,
    batchSize: batch,
  });
  const { kernels } = await cliKernels(cost.bytes);
  const start = performance.now();
  const selection = await runSpec(spec, pool, batch, { kernels, seed: flags.seed, frameSeed: flags.frameSeed });
  const seconds = (performance.now() - start) / 1000;
  const picks = listPicks(selection);
  return {
    rows: picks.map((pick) => pick.row),
    scores: picks.map((pick) => pick.score),
    utility: picks.map((pick) => pick.utility),
    percentile: picks.map((pick) => pick.percentile),
    inclusion: picks.map((pick) => pick.inclusion),
    reasons: picks.map((pick) => pick.reasons),
    part: picks.map((pick) => pick.part),
    strategy: picks.map((pick) => pick.strategy),
    purpose: picks.map((pick) => pick.purpose),
    status: selection.status,
    notices: selection.notices,
    summaries: selection.summaries,
    states: selection.states,
    seconds,
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
    // Selection runs on one thread; the flag is an upper bound.
    threads: Math.min(1, threads),
    kernels: selection.kernels,
    seed: selection.seed,
    spec: selection.spec,
    specHash: selection.specHash,
  };
}

function specOf(flags: SelectFlags): ReturnType<typeof normalizeSpec> {
  if ((flags.strategy === undefined) === (flags.spec === undefined)) {
    throw new UsageError("Give either --strategy ID or --spec FILE.json.");
  }
  if (flags.spec !== undefined) {
    if (flags.options !== undefined) throw new UsageError("--options goes with --strategy; a spec file has its own.");
    return normalizeSpec(jsonOption("--spec", readText("--spec", flags.spec)));
  }
  const given = flags.options === undefined ? undefined : jsonOption("--options", flags.options);
  const options = flags.strategy === "maxdiag" ? withPublishedOrder(given) : given;
  return normalizeSpec({ op: "single", use: flags.strategy, ...(options === undefined ? {} : { options }) });
}

/** On files maxdiag lists its picks as the released code does, so that sequences can be compared; a queue wants the best first. */
function withPublishedOrder(options: unknown): unknown {
  if (options !== undefined && (typeof options !== "object" || options === null || Array.isArray(options)))
    return options;
  return { order: "published", ...options };
}

export function readText(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${name}: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** The pool rows first, the labelled rows after them; only pool rows can be picked, so the answer's rows are theirs. */
function poolOf(flags: SelectFlags): { pool: Pool; n: number } {
  const probabilities = optionalMatrix("--probabilities", flags.probabilities);
  const features = optionalMatrix("--pool", flags.pool);
  const train = optionalMatrix("--train", flags.train);
  const n = probabilities?.n ?? features?.n;
  if (n === undefined) throw new UsageError("Give --probabilities P.npy, --pool X.npy or both.");
  if (features !== undefined && features.n !== n) {
    throw new UsageError(`--pool has ${features.n} rows and --probabilities ${n}; they must agree.`);
  }
  if (train !== undefined && features === undefined) throw new UsageError("--train goes with --pool.");
  if (train !== undefined && train.dim !== features!.dim) {
    throw new UsageError(`--train has ${train.dim} columns and --pool ${features!.dim}; they must agree.`);
  }
  const classes =
    flags.trainLabels === undefined ? undefined : npyClasses(openNpy(flags.trainLabels), "--train-labels");
  if (classes !== undefined && train !== undefined && classes.length !== train.n) {
    throw new UsageError(`--train has ${train.n} rows and --train-labels ${classes.length}; they must agree.`);
  }
  const nKnown = classes?.length ?? train?.n ?? 0;
  const trained = optionalMatrix("--train-probabilities", flags.trainProbabilities);
  if (trained !== undefined) {
    if (probabilities === undefined) throw new UsageError("--train-probabilities goes with --probabilities.");
    if (trained.n !== nKnown || trained.dim !== probabilities.dim) {
      throw new UsageError(
        `--train-probabilities is ${trained.n} × ${trained.dim}; expected ${nKnown} labelled rows × ${probabilities.dim} classes.`,
      );
    }
  }
  const known = Uint32Array.from({ length: nKnown }, (_, i) => n + i);
  const nClasses = probabilities?.dim ?? largestClass(classes) + 1;
  const pool: Pool = {
    n: n + nKnown,
    nClasses,
    eligible: bitmapFromRows(
      n + nKnown,
      Uint32Array.from({ length: n }, (_, row) => row),
    ),
    labelled:
      classes === undefined ? { rows: new Uint32Array(0), classes: new Int32Array(0) } : { rows: known, classes },
    // Rows without a label are still known: they are kept clear of.
    pending: classes === undefined ? known : undefined,
    probabilities: probabilities && trained ? stacked(probabilities, trained) : probabilities,
    embeddings: features && train ? stacked(features, train) : features,
    head: headOf(flags, features, nClasses),
  };
  return { pool, n };
}

function largestClass(classes: Int32Array | undefined): number {
  let largest = -1;
  for (const label of classes ?? []) if (label > largest) largest = label;
  return largest;
}

function optionalMatrix(name: string, path: string | undefined): RowMatrix | undefined {
  return path === undefined ? undefined : npyMatrix(openNpy(path), name);
}

function headOf(flags: SelectFlags, features: RowMatrix | undefined, nClasses: number): LinearHead | undefined {
  if (flags.headWeights === undefined && flags.headBias === undefined) return undefined;
  if (flags.headWeights === undefined || flags.headBias === undefined || features === undefined) {
    throw new UsageError("--head-weights, --head-bias and --pool go together.");
  }
  const file = openNpy(flags.headWeights);
  const bias = Float32Array.from(npyVector(openNpy(flags.headBias), "--head-bias"));
  const weights = npyMatrix(file, "--head-weights");
  if (weights.n !== features.dim || weights.dim !== bias.length || (nClasses > 0 && bias.length !== nClasses)) {
    throw new UsageError(
      `The head must be ${features.dim} × classes with one bias per class; --head-weights is ${weights.n} × ${weights.dim}, --head-bias has ${bias.length}.`,
    );
  }
  const values = weights.view(0, weights.n);
  if (values instanceof Promise) throw new UsageError(`--head-weights: ${file.path} is too large for a linear head.`);
  return { weights: Float32Array.from(values), bias };
}

/** The rows of two matrices one after the other. */
export function stacked(first: RowMatrix, second: RowMatrix): RowMatrix {
  const moved = (range: RowRange): RowRange => ({ start: range.start + first.n, end: range.end + first.n });
  return {
    n: first.n + second.n,
    dim: first.dim,
    dtype: first.dtype === "f64" || second.dtype === "f64" ? "f64" : "f32",
    shards: [...first.shards, ...second.shards.map(moved)],
    view: (start, end) => (start >= first.n ? second.view(start - first.n, end - first.n) : first.view(start, end)),
  };
}
