import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { cliKernels } from "@/bin/cliKernels";
import type { Pool, TaskKind } from "@/strategies";
import { arrayMatrix, createBitmap, hashBytes128, hexOfWords, runSpec, specCost } from "@/strategies";
import type { BenchCase } from "./cases";
import { benchHead, CASES } from "./cases";

/**
 * Selection at scale: `npx tsx bench/strategies/select.bench.ts [--small] [--only USE,USE] [--out FILE.json]`.
 * Each case is a process of its own. Times are the best of the repetitions, on one thread; the hash of the picks tells two
 * machines that they chose alike.
 */

export interface BenchResult {
  readonly name: string;
  readonly seconds: number;
  /** Processor time of the quickest repetition: what the wall time would be on an idle machine, about. */
  readonly cpuSeconds: number;
  readonly repetitions: number;
  /** What the strategy says it holds at most, beyond the pool's own arrays. */
  readonly declaredMiB: number;
  /** Growth of the process's memory over the pool, highest of the repetitions. */
  readonly grownMiB: number;
  readonly picksHash: string;
}

export async function benchCase(bench: BenchCase, repetitions: number): Promise<BenchResult> {
  const pool = poolOf(bench);
  const dims = {
    eligible: bench.n,
    labelled: bench.labelled,
    nClasses: bench.nClasses,
    embeddingDim: bench.dim,
    batchSize: bench.batch,
  };
  const spec = { op: "single", use: bench.use, options: bench.options };
  const declared = specCost(spec, dims).bytes;
  const { kernels } = await cliKernels(declared);
  let seconds = Number.POSITIVE_INFINITY;
  let cpuSeconds = Number.POSITIVE_INFINITY;
  let picksHash = "";
  const before = process.memoryUsage().rss;
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const picks = await runSpec(spec, pool, bench.batch, { kernels, seed: "bench" });
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(cpu);
    cpuSeconds = Math.min(cpuSeconds, (user + system) / 1e6);
    picksHash = hexOfWords(hashBytes128(new Uint8Array(picks.rows.buffer)));
  }
  const grown = Math.max(0, process.resourceUsage().maxRSS * 1024 - before);
  const mebi = (bytes: number) => Math.round(bytes / 2 ** 20);
  return {
    name: bench.name,
    seconds,
    cpuSeconds,
    repetitions,
    declaredMiB: mebi(declared),
    grownMiB: mebi(grown),
    picksHash,
  };
}

function poolOf({ n, nClasses, dim, labelled, taskKind = "single-label" }: BenchCase): Pool {
  const eligible = createBitmap(n, true);
  for (let row = 0; row < labelled; row++) eligible.words[row >>> 5] &= ~(1 << (row & 31));
  return {
    n,
    nClasses,
    eligible,
    taskKind,
    labelled: labelledOf(taskKind, labelled, nClasses),
    probabilities: nClasses === 0 ? undefined : arrayMatrix(probabilities(n, nClasses), n, nClasses, 1 << 20),
    embeddings: dim === 0 ? undefined : arrayMatrix(clusters(n, dim), n, dim),
    head: dim === 0 || nClasses === 0 ? undefined : benchHead(dim, nClasses, noise),
  };
}

/** The first rows, all of class 0; in a regression their values vary. */
function labelledOf(taskKind: TaskKind, labelled: number, nClasses: number): Pool["labelled"] {
  const rows = Uint32Array.from({ length: labelled }, (_, row) => row);
  if (taskKind === "single-label") return { rows, classes: new Int32Array(labelled) };
  const classes = new Int32Array(labelled).fill(-1);
  if (taskKind === "regression") return { rows, classes, values: Float64Array.from(rows, noise) };
  return {
    rows,
    classes,
    multi: Uint8Array.from({ length: labelled * nClasses }, (_, i) => (i % nClasses === 0 ? 1 : 0)),
  };
}

/** A cheap integer hash to [0, 1): these are test data, not draws that decide anything. */
function noise(i: number): number {
  let h = Math.imul(i ^ (i >>> 16), 0x45d9f3b);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

function probabilities(n: number, nClasses: number): Float32Array {
  const p = new Float32Array(n * nClasses);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < nClasses; j++) {
      const value = noise(i * nClasses + j) ** 4 + 1e-3;
      p[i * nClasses + j] = value;
      sum += value;
    }
    for (let j = 0; j < nClasses; j++) p[i * nClasses + j] /= sum;
  }
  return p;
}

/** A hundred clusters with noise around them. */
function clusters(n: number, dim: number): Float32Array {
  const x = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < dim; j++) x[i * dim + j] = noise(((i % 100) + 1) * 7919 + j) + 0.5 * noise(i * dim + j);
  }
  return x;
}

const FILE = fileURLToPath(import.meta.url);
const REPETITIONS = 3;

function sizedCase(index: number, isSmall: boolean): BenchCase {
  const bench = CASES[index];
  if (!isSmall) return bench;
  return { ...bench, n: Math.round(bench.n / 100), batch: Math.max(1, Math.round(bench.batch / 20)), labelled: 0 };
}

function main(isSmall: boolean, only: readonly string[] | undefined): void {
  const chosen = [...CASES.keys()].filter((index) => only === undefined || only.includes(CASES[index].use));
  const results: BenchResult[] = chosen.map((index) => {
    const args = ["--import", "tsx", FILE, "--case", String(index), ...(isSmall ? ["--small"] : [])];
    const result: BenchResult = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
    const { name, seconds, cpuSeconds, grownMiB, declaredMiB } = result;
    console.log(
      `${name.padEnd(36)} ${seconds.toFixed(3)} s (${cpuSeconds.toFixed(3)} s of processor)  +${grownMiB} MiB (declared ${declaredMiB})`,
    );
    return result;
  });
  const at = process.argv.indexOf("--out");
  if (at < 0) return;
  const path = resolve(process.argv[at + 1]);
  mkdirSync(dirname(path), { recursive: true });
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, loadAverage: loadavg()[0] };
  const command = "npx tsx bench/strategies/select.bench.ts --out bench/results/strategies.json";
  const text = JSON.stringify({ command, at: new Date().toISOString(), machine, isSmall, results }, null, 2);
  writeFileSync(path, `${text}\n`);
  console.log(`written to ${path}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === FILE) {
  const isSmall = process.argv.includes("--small");
  const at = process.argv.indexOf("--case");
  const onlyAt = process.argv.indexOf("--only");
  if (at < 0) main(isSmall, onlyAt < 0 ? undefined : process.argv[onlyAt + 1].split(","));
  else
    process.stdout.write(
      JSON.stringify(await benchCase(sizedCase(Number(process.argv[at + 1]), isSmall), REPETITIONS)),
    );
}
