import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadKernels } from "@/server/models";
import type { CaseResult } from "./cases";
import { runCases } from "./cases";

/**
 * The kernels and the training engine against their plain TypeScript reference and against numpy and PyTorch:
 * `npx tsx bench/kernels/kernels.bench.ts [--small] [--rounds N] [--python PATH] [--out FILE.json]`.
 *
 * Times are CPU milliseconds of the process on one thread: best of the repetitions within a round, then the median of the
 * rounds, which alternate with the peers' so that a busy machine is unfair to neither. Peers that are not installed are
 * left out, and the result says so.
 */

const MIB = 1024 * 1024;

interface PeerOutput {
  versions: Record<string, string>;
  results: Record<string, Record<string, number>>;
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function runPeers(python: string, isSmall: boolean): PeerOutput | string {
  const script = fileURLToPath(new URL("../peers/kernels.py", import.meta.url));
  try {
    const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
    return JSON.parse(execFileSync(python, [script, ...(isSmall ? ["--small"] : [])], { encoding: "utf8", stdio }));
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n").at(-1) ?? error.message) : String(error);
  }
}

function median(list: number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const isSmall = process.argv.includes("--small");
const rounds = Number(argument("--rounds") ?? (isSmall ? 1 : 3));
const python = argument("--python") ?? "python3";
const kernels = await loadKernels({ memoryBytes: (isSmall ? 128 : 1024) * MIB });
const times = new Map<string, Map<string, number[]>>();
const add = (name: string, library: string, ms: number) => {
  const byLibrary = times.get(name) ?? new Map<string, number[]>();
  times.set(name, byLibrary.set(library, [...(byLibrary.get(library) ?? []), ms]));
};
const loads: number[] = [];
let backend = "";
let peers: Record<string, string> | string = "not run";
for (let round = 0; round < rounds; round++) {
  loads.push(loadavg()[0]);
  const results: CaseResult[] = await runCases(kernels, isSmall, (used) => {
    backend = used;
  });
  for (const { name, library, cpuMs } of results) add(name, library, cpuMs);
  const output = runPeers(python, isSmall);
  if (typeof output === "string") {
    peers = `not available: ${output}`;
    continue;
  }
  peers = output.versions;
  for (const [name, byLibrary] of Object.entries(output.results)) {
    for (const [library, ms] of Object.entries(byLibrary)) add(name, library, ms);
  }
}

const report = {
  command: `npx tsx bench/kernels/kernels.bench.ts ${process.argv.slice(2).join(" ")}`.trim(),
  at: new Date().toISOString(),
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, loadAverages: loads },
  isSmall,
  rounds,
  backend,
  peers,
  unit: "CPU milliseconds, one thread",
  results: [...times].map(([name, byLibrary]) => ({
    name,
    ...Object.fromEntries([...byLibrary].map(([library, list]) => [library, Number(median(list).toPrecision(3))])),
  })),
};
console.table(Object.fromEntries(report.results.map(({ name, ...byLibrary }) => [name, byLibrary])));
console.log(
  `${report.backend}; peers: ${JSON.stringify(report.peers)}; load ${loads.map((l) => l.toFixed(1)).join(", ")}`,
);
const out = argument("--out");
if (out !== undefined) {
  mkdirSync(dirname(resolve(out)), { recursive: true });
  writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
}
