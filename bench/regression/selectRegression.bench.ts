import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadKernels } from "@/server/models";
import type { BenchMethod } from "./cases";
import { METHODS, timeMethod } from "./cases";
import type { Spectrum } from "./features";
import { fillFeatures, writeNpy } from "./features";

/**
 * Batch selection for regression against the authors' PyTorch classes on the same features in the same run:
 * `npx tsx bench/regression/selectRegression.bench.ts [--rows 10000,50000] [--methods a,b] [--spectra decaying,isotropic]
 * [--batch 256] [--python PATH] [--out FILE.json]`.
 *
 * Times are CPU milliseconds of one thread, features already in memory. `full` is the same method without bounds and
 * heaps; `same` says whether both picked the same sequence, `samePeer` whether the peer did. k-means++ draws its own
 * numbers and is not compared. A peer that is not installed is left out, and the result says so.
 */

const DIM = 512;
const KNOWN = 256;
const WARM_UP_ROWS = 8704;
const WARM_UP_BATCH = 32;
/** Room for features, their double form for the methods that need it, and what selection holds. */
const MEMORY_SPARE = 256 << 20;

interface PeerOutput {
  readonly versions: Record<string, string>;
  readonly results: Record<
    string,
    { cpuMs: number; wallMs: number; rows: number[]; status: string | null; peakRssMiB: number }
  >;
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

const batch = Number(argument("--batch") ?? 256);
const sizes = (argument("--rows") ?? "10000,50000,200000").split(",").map(Number);
const spectra = (argument("--spectra") ?? "decaying,isotropic").split(",") as Spectrum[];
const methods = (argument("--methods")?.split(",") ?? METHODS) as BenchMethod[];
const python = argument("--python") ?? "python3";

function runPeer(path: string): PeerOutput | string {
  const script = fileURLToPath(new URL("../peers/regression.py", import.meta.url));
  const flags = [
    "--features",
    path,
    "--known",
    String(KNOWN),
    "--batch",
    String(batch),
    "--methods",
    methods.join(","),
  ];
  try {
    return JSON.parse(
      execFileSync(python, [script, ...flags], {
        encoding: "utf8",
        maxBuffer: 1 << 26,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  } catch (error) {
    return error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? error.message) : String(error);
  }
}

async function measure(n: number, spectrum: Spectrum): Promise<object[]> {
  const isDouble = methods.some((method) => method.startsWith("maxdet") || method.startsWith("bait"));
  const rows = n + KNOWN;
  const memoryBytes = Math.min(4 * 2 ** 30 - (64 << 20), rows * DIM * (isDouble ? 14 : 6) + MEMORY_SPARE);
  const kernels = await loadKernels({ memoryBytes });
  const values = kernels.allocF32(rows * DIM);
  fillFeatures(values, rows, DIM, spectrum, 1);
  const folder = mkdtempSync(join(tmpdir(), "winnow-bench-"));
  try {
    const path = join(folder, "features.npy");
    writeNpy(path, values, rows, DIM);
    const own = methods.map((method) => {
      const shared = { n: rows, d: DIM, nKnown: KNOWN, batch, method };
      // The engine compiles hot loops while they run; a few thousand rows are enough for it.
      for (const prune of ["auto", "never"] as const) {
        timeMethod(kernels, values, {
          ...shared,
          n: Math.min(rows, KNOWN + WARM_UP_ROWS),
          batch: WARM_UP_BATCH,
          prune,
        });
      }
      return {
        auto: timeMethod(kernels, values, { ...shared, prune: "auto" }),
        full: timeMethod(kernels, values, { ...shared, prune: "never" }),
      };
    });
    const peer = runPeer(path);
    if (typeof peer === "string") process.stderr.write(`peer not available: ${peer}\n`);
    return own.map(({ auto, full }) => {
      const other = typeof peer === "string" ? undefined : peer.results[auto.method];
      const line = {
        ...{ n, spectrum, method: auto.method, batch },
        ...{ cpuMs: auto.cpuMs, wallMs: auto.wallMs, fullCpuMs: full.cpuMs, evaluatedShare: auto.evaluatedShare },
        same: auto.rows.join() === full.rows.join(),
        peerCpuMs: other?.cpuMs ?? null,
        samePeer:
          other === undefined || auto.method.startsWith("kmeanspp") ? null : other.rows.join() === auto.rows.join(),
        faster: other === undefined ? null : other.cpuMs / auto.cpuMs,
      };
      process.stderr.write(`${JSON.stringify(line)}\n`);
      return line;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lines: object[] = [];
const loads: number[] = [];
for (const n of sizes) {
  for (const spectrum of spectra) {
    loads.push(loadavg()[0]);
    lines.push(...(await measure(n, spectrum)));
  }
}
const report = {
  command: `npx tsx bench/regression/selectRegression.bench.ts ${process.argv.slice(2).join(" ")}`.trim(),
  at: new Date().toISOString(),
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, loadAverages: loads },
  lines,
};
const out = resolve(argument("--out") ?? "bench/results/regression.json");
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
