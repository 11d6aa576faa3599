import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { stringify } from "csv-stringify/sync";
import { openGemm } from "@/server/models/hybrid/gemmProvider";
import { openMultiply } from "@/server/models/regression/openMultiply";
import { ACTIVATION_DEFAULTS, regressionOptions } from "@/server/models/regression/options";
import type { BmdalSpec } from "@/strategies/bmdal/door";
import { formatBmdalSpec, parseBmdalSpec } from "@/strategies/bmdal/door";
import { integerOption, jsonOption, UsageError } from "../cliError";
import { cliKernels } from "../cliKernels";
import { ERROR_METRICS, meanLog } from "../simulate/regression/errorMetrics";
import type { NumberData } from "../simulate/regression/readNumbers";
import { readNumbers } from "../simulate/regression/readNumbers";
import type { NumberPlan, NumberRun } from "../simulate/regression/simulateNumbers";
import { simulateNumbers } from "../simulate/regression/simulateNumbers";
import { drawSplit, readSplit } from "../simulate/regression/splits";

/** The flags of `winnow simulate --task regression`, as texts; those not given take the benchmark's values. */
export interface NumberSimulationFlags {
  readonly data: string;
  readonly target?: string;
  readonly strategies: string;
  readonly initial?: string;
  readonly validation?: string;
  readonly batch?: string;
  readonly rounds?: string;
  readonly seeds?: string;
  readonly splits?: string;
  readonly network?: string;
  readonly header: boolean;
  readonly seed: string;
  readonly out: string;
}

/** Methods by a short name: on the gradient sketch, conditioned on the labels where the method wants that. */
const SKETCH = "grad → sketch(512)";
const POSTERIOR = `${SKETCH} → train(0.001, scale)`;
const SHORT_NAMES: Readonly<Record<string, string>> = {
  random: "random / linear",
  "lcmd-tp": `lcmd-tp / ${SKETCH}`,
  "lcmd-p": `lcmd-p / ${POSTERIOR}`,
  "maxdist-tp": `maxdist-tp / ${SKETCH}`,
  "maxdist-p": `maxdist-p / ${POSTERIOR}`,
  "kmeanspp-tp": `kmeanspp-tp / ${SKETCH}`,
  "kmeanspp-p": `kmeanspp-p / ${POSTERIOR}`,
  "maxdet-p": `maxdet-p / ${POSTERIOR}`,
  "maxdet-tp": `maxdet-tp / ${SKETCH} → scale`,
  maxdiag: `maxdiag / ${POSTERIOR}`,
  "bait-f-p": `bait-f-p / ${POSTERIOR}`,
  "bait-fb-p": `bait-fb-p / ${POSTERIOR}`,
  "fw-p": `fw-p / ${SKETCH}`,
};

/** Kernel memory that training, features and selection share, one after the other. */
const MEMORY_BYTES = 4 * 2 ** 30 - (64 << 20);

/** Runs the protocol, writes results.json, curves.csv and runs.csv, and returns what is printed. */
export async function runNumberSimulation(flags: NumberSimulationFlags, tell: (line: string) => void): Promise<string> {
  const methods = namedMethods(flags.strategies);
  const sizes = {
    initial: integerOption("--initial", flags.initial ?? "256", 1),
    validation: integerOption("--validation", flags.validation ?? "1024", 1),
  };
  const splits = integerOption("--seeds", flags.seeds ?? "20", 1);
  const plan = planOf(flags);
  const data = readNumbers(flags);
  const { kernels } = await cliKernels(MEMORY_BYTES);
  const monotonicMs = () => performance.now();
  const { gemm, backend } = await openGemm({ kernels, monotonicMs }, "auto");
  const tools = { kernels, multiply: openMultiply(kernels, gemm), monotonicMs };
  const runs: NumberRun[] = [];
  for (let id = 0; id < splits; id++) {
    const split =
      flags.splits === undefined
        ? drawSplit(data.n, sizes, plan.seed, id)
        : readSplit(flags.splits.replace("{split}", String(id)), data.n, sizes);
    for (const method of methods) {
      const mark = kernels.mark();
      const run = await simulateNumbers(data, split, id, method, plan, tools);
      kernels.release(mark);
      runs.push(run);
      const last = run.metrics[run.metrics.length - 1];
      tell(
        `split ${id}, ${method.name}: RMSE ${run.metrics[0].rmse.toFixed(4)} → ${last.rmse.toFixed(4)} at ${run.labels.at(-1)} labels; ${run.trainSeconds.toFixed(0)} s training, ${run.kernelSeconds.toFixed(1)} s features, ${run.selectSeconds.toFixed(1)} s selection`,
      );
      for (const reason of run.stopped) tell(`  filled at random: ${reason}`);
    }
  }
  writeFiles(flags, data, plan, sizes, methods, backend, runs);
  return printed(methods, runs, flags.out);
}

function planOf(flags: NumberSimulationFlags): NumberPlan {
  const parsed = regressionOptions.safeParse(flags.network === undefined ? {} : jsonOption("--network", flags.network));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`--network: ${issue.path.join(".") || "it"}: ${issue.message}.`);
  }
  const { hidden, activation, epochs, batchSize } = parsed.data;
  const defaults = ACTIVATION_DEFAULTS[activation];
  return {
    network: {
      ...{ hidden, activation, epochs, batchSize },
      weightGain: parsed.data.weightGain ?? defaults.weightGain,
      biasGain: parsed.data.biasGain ?? defaults.biasGain,
      learningRate: parsed.data.learningRate ?? defaults.learningRate,
    },
    batch: integerOption("--batch", flags.batch ?? "256", 1),
    rounds: integerOption("--rounds", flags.rounds ?? "16", 1),
    seed: flags.seed,
  };
}

interface NamedMethod {
  readonly name: string;
  readonly spec: BmdalSpec;
}

/** Short names or whole specs, separated by commas that stand outside brackets. */
export function namedMethods(list: string): NamedMethod[] {
  const names = list
    .split(/,(?![^(]*\))/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  if (names.length === 0) throw new UsageError("--strategies takes at least one method.");
  const methods = names.map((name): NamedMethod => {
    const text = SHORT_NAMES[name] ?? (name.includes("/") ? name : undefined);
    if (text === undefined) {
      throw new UsageError(
        `--strategies: no method "${name}"; take one of ${Object.keys(SHORT_NAMES).join(", ")}, or a spec such as "lcmd-tp / ${SKETCH}".`,
      );
    }
    const spec = parseBmdalSpec(text);
    return { name: name in SHORT_NAMES ? name : formatBmdalSpec(spec), spec };
  });
  if (new Set(methods.map(({ name }) => name)).size !== methods.length) {
    throw new UsageError("--strategies names a method twice.");
  }
  return methods;
}

function writeFiles(
  flags: NumberSimulationFlags,
  data: NumberData,
  plan: NumberPlan,
  sizes: object,
  methods: readonly NamedMethod[],
  backend: string,
  runs: readonly NumberRun[],
): void {
  const { x: _x, y: _y, ...about } = data;
  const specs = Object.fromEntries(methods.map(({ name, spec }) => [name, formatBmdalSpec(spec)]));
  try {
    mkdirSync(flags.out, { recursive: true });
    const results = {
      task: "regression",
      data: about,
      plan: { ...plan, ...sizes },
      backend,
      specs,
      summary: summaries(methods, runs),
      runs,
    };
    writeFileSync(join(flags.out, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
    const points = runs.flatMap((run) =>
      run.labels.map((labels, i) => [
        run.method,
        run.split,
        labels,
        ...ERROR_METRICS.map((metric) => run.metrics[i][metric]),
      ]),
    );
    writeFileSync(join(flags.out, "runs.csv"), stringify([["method", "split", "labels", ...ERROR_METRICS], ...points]));
    const curves = methods.flatMap(({ name }) => {
      const own = runs.filter((run) => run.method === name);
      return own[0].labels.map((labels, i) => [
        name,
        labels,
        ...ERROR_METRICS.map((metric) => mean(own.map((run) => Math.log(run.metrics[i][metric])))),
      ]);
    });
    writeFileSync(
      join(flags.out, "curves.csv"),
      stringify([["method", "labels", ...ERROR_METRICS.map((metric) => `mean ln ${metric}`)], ...curves]),
    );
  } catch (error) {
    throw new UsageError(
      `--out: ${flags.out} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

/** Means over splits of the mean logs, and paired differences to random where it ran. */
function summaries(methods: readonly NamedMethod[], runs: readonly NumberRun[]) {
  return methods.map(({ name }) => {
    const own = runs.filter((run) => run.method === name);
    const logs = Object.fromEntries(
      ERROR_METRICS.map((metric) => [metric, mean(own.map((run) => meanLog(run.metrics, metric)))]),
    );
    const differences = own.flatMap((run) => {
      const twin = runs.find((other) => other.method === "random" && other.split === run.split);
      return twin === undefined || name === "random"
        ? []
        : [meanLog(run.metrics, "rmse") - meanLog(twin.metrics, "rmse")];
    });
    const gap = mean(differences);
    const error =
      differences.length < 2
        ? null
        : Math.sqrt(
            differences.reduce((sum, value) => sum + (value - gap) ** 2, 0) /
              (differences.length - 1) /
              differences.length,
          );
    return {
      method: name,
      splits: own.length,
      meanLog: logs,
      rmseToRandom: differences.length === 0 ? null : { mean: gap, standardError: error },
    };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

function printed(methods: readonly NamedMethod[], runs: readonly NumberRun[], out: string): string {
  const lines = summaries(methods, runs).map(({ method, meanLog: logs, rmseToRandom }) => {
    const gap =
      rmseToRandom === null
        ? ""
        : `; RMSE against random ${rmseToRandom.mean.toFixed(3)}${rmseToRandom.standardError === null ? "" : ` ± ${rmseToRandom.standardError.toFixed(3)}`}`;
    return `${method}: mean ln ${ERROR_METRICS.map((metric) => `${metric} ${logs[metric].toFixed(3)}`).join(", ")}${gap}`;
  });
  return `${[...lines, `written to ${out}: results.json, curves.csv, runs.csv`].join("\n")}\n`;
}
