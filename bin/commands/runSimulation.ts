import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import { stringify } from "csv-stringify/sync";
import type { StrategySpec } from "@/strategies";
import { normalizeSpec } from "@/strategies";
import { integerOption, jsonOption, shareOption, UsageError } from "../cliError";
import { cliKernels } from "../cliKernels";
import type { DataSet } from "../simulate/dataSet";
import { readDataSet } from "../simulate/readDataSet";
import { reportHtml } from "../simulate/reportHtml";
import { loadSimulationModel, textFeaturizer } from "../simulate/serverModels";
import type { SimulatedRun, SimulationPlan } from "../simulate/simulateRun";
import { simulateRun } from "../simulate/simulateRun";
import type { SimulationSummary } from "../simulate/summarizeRuns";
import { summarizeRuns } from "../simulate/summarizeRuns";
import { readText } from "./selectRows";

/** The flags of `winnow simulate`, as texts. */
export interface SimulateFlags {
  readonly data: string;
  readonly target?: string;
  readonly strategies: string;
  readonly initial: string;
  readonly batch: string;
  readonly rounds: string;
  readonly seeds: string;
  readonly model: string;
  readonly text?: string;
  readonly testShare: string;
  readonly header: boolean;
  readonly seed: string;
  readonly out: string;
}

/** Kernel memory of a simulation: training and selection share it, one after the other. */
const MEMORY_BYTES = 1 << 30;

/** `winnow simulate`: runs everything, writes the files and returns what is printed. */
export async function runSimulation(flags: SimulateFlags, tell: (line: string) => void): Promise<string> {
  const plan: SimulationPlan = {
    initial: integerOption("--initial", flags.initial, 1),
    batch: integerOption("--batch", flags.batch, 1),
    rounds: integerOption("--rounds", flags.rounds, 1),
    testShare: shareOption("--test-share", flags.testShare),
    seed: flags.seed,
  };
  const repetitions = integerOption("--seeds", flags.seeds, 1);
  const strategies = namedSpecs(flags.strategies);
  if (flags.model !== "softmax" && flags.model !== "mlp") {
    throw new UsageError(`--model takes softmax or mlp, got "${flags.model}".`);
  }
  const { kernels } = await cliKernels(MEMORY_BYTES);
  const data = await readDataSet(flags, textFeaturizer(kernels, flags.seed));
  checkSize(data, plan);
  const tools = { kernels, monotonicMs: () => performance.now() };
  const model = await loadSimulationModel(flags.model, tools);
  const runs: SimulatedRun[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const strategy of strategies) {
      const run = await simulateRun(data, plan, strategy, repetition, model, tools);
      runs.push(run);
      const last = run.accuracy[run.accuracy.length - 1];
      tell(
        `${runs.length}/${repetitions * strategies.length} ${strategy.name}, repetition ${repetition}: ${last.toFixed(4)}`,
      );
    }
  }
  const summary = summarizeRuns(runs);
  writeFiles(
    flags,
    { data, plan, repetitions, model: model.name, command: commandOf(flags) },
    strategies,
    runs,
    summary,
  );
  return printed(summary, flags.out);
}

/** Ids, or files with a composed spec, named by the file. */
function namedSpecs(list: string): { name: string; spec: StrategySpec }[] {
  const names = list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  if (names.length === 0) throw new UsageError("--strategies takes at least one id.");
  const named = names.map((entry) => {
    if (!entry.endsWith(".json")) return { name: entry, spec: normalizeSpec({ op: "single", use: entry }) };
    const spec = normalizeSpec(jsonOption(entry, readText("--strategies", entry)));
    return { name: basename(entry, ".json"), spec };
  });
  if (new Set(named.map((entry) => entry.name)).size !== named.length) {
    throw new UsageError("--strategies names a strategy twice.");
  }
  return named;
}

function checkSize(data: DataSet, plan: SimulationPlan): void {
  const pool = data.n - Math.round(plan.testShare * data.n);
  if (pool < plan.initial + plan.batch * plan.rounds) {
    throw new UsageError(
      `The pool has ${pool} rows; --initial ${plan.initial} and ${plan.rounds} rounds of ${plan.batch} need ${plan.initial + plan.batch * plan.rounds}.`,
    );
  }
}

function commandOf(flags: SimulateFlags): string {
  const words = Object.entries(flags).flatMap(([name, value]) => {
    if (name === "out" || value === undefined || value === true) return [];
    if (name === "header") return ["--no-header"];
    return [`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`, String(value)];
  });
  return ["winnow simulate", ...words].join(" ");
}

function writeFiles(
  flags: SimulateFlags,
  facts: Parameters<typeof reportHtml>[0],
  strategies: readonly { readonly name: string; readonly spec: StrategySpec }[],
  runs: readonly SimulatedRun[],
  summary: SimulationSummary,
): void {
  const { data, ...rest } = facts;
  const { x: _x, y: _y, ...about } = data;
  try {
    mkdirSync(flags.out, { recursive: true });
    const results = { data: about, ...rest, strategies, summary, runs };
    writeFileSync(join(flags.out, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
    const curves = summary.strategies.flatMap((entry) =>
      (["accuracy", "macroF1"] as const).flatMap((metric) =>
        entry[metric].map(({ labels, mean, interval, n }) => [
          entry.strategy,
          metric,
          labels,
          mean,
          interval?.low,
          interval?.high,
          n,
        ]),
      ),
    );
    const columns = ["strategy", "metric", "labels", "mean", "low95", "high95", "repetitions"];
    writeFileSync(join(flags.out, "curves.csv"), stringify([columns, ...curves]));
    const points = runs.flatMap((run) =>
      run.labels.map((labels, i) => [run.strategy, run.repetition, labels, run.accuracy[i], run.macroF1[i]]),
    );
    const header = ["strategy", "repetition", "labels", "accuracy", "macroF1"];
    writeFileSync(join(flags.out, "runs.csv"), stringify([header, ...points]));
    writeFileSync(join(flags.out, "report.html"), reportHtml(facts, summary));
  } catch (error) {
    throw new UsageError(
      `--out: ${flags.out} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function printed(summary: SimulationSummary, out: string): string {
  const lines = summary.strategies.map(({ strategy, area, accuracy }) => {
    const last = accuracy[accuracy.length - 1];
    const interval =
      area.interval === null ? "" : ` (95 % ${area.interval.low.toFixed(4)} to ${area.interval.high.toFixed(4)})`;
    return `${strategy}: mean accuracy ${area.mean.toFixed(4)}${interval}, ${last.mean.toFixed(4)} at ${last.labels} labels`;
  });
  for (const arms of summary.identicalArms) lines.push(`the same arm: ${arms.join(", ")}`);
  lines.push(`written to ${out}: results.json, curves.csv, runs.csv, report.html`);
  return `${lines.join("\n")}\n`;
}
