import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { cliKernels } from "@/bin/cliKernels";
import { npyMatrix, npyVector } from "@/bin/npy/npyValues";
import { openNpy } from "@/bin/npy/openNpy";
import type { OptionValues, Pool, RowMatrix } from "@/strategies";
import { arrayMatrix, bitmapFromRows, runSpec, specCost } from "@/strategies";
import type { PeerCase } from "./peerCases";
import { PEER_CASES, smallCase, writePool } from "./peerCases";

/**
 * The same selections by this library and by Python's, on the same files, one process each, taking turns:
 * `npx tsx bench/peers/selection.bench.ts [--small] [--only METHOD,…] [--rounds N] [--python PATH] [--limit SECONDS] [--out FILE.json]`.
 *
 * A Python with the peers: `python3 -m venv P && P/bin/pip install scikit-activeml small-text modAL-python baal`. What is not
 * installed is left out, and the result says so. Times are of the selection alone, one thread, best of the rounds.
 */

export interface PeerRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Growth of the process's peak memory over the loaded data. */
  readonly grownMiB: number;
  readonly picks: readonly number[];
  readonly versions?: Readonly<Record<string, string>>;
}

/** A selection quicker than this is made twice in its process, and the quicker one counts: ours and the peers' alike. */
const REPEAT_BELOW_SECONDS = 20;

const FILE = fileURLToPath(import.meta.url);
const SCRIPT = fileURLToPath(new URL("./selection.py", import.meta.url));

async function loaded(folder: string, name: string): Promise<RowMatrix | undefined> {
  const path = join(folder, `${name}.npy`);
  if (!existsSync(path)) return undefined;
  const file = npyMatrix(openNpy(path), path);
  const values = new Float32Array(file.n * file.dim);
  for (const { start, end } of file.shards) values.set(await file.view(start, end), start * file.dim);
  return arrayMatrix(values, file.n, file.dim);
}

/** Our selection; loads the files first, as the peers do. */
export async function runOurs(peerCase: PeerCase, folder: string): Promise<PeerRun> {
  const { n, nClasses, dim, labelled, batch, use } = peerCase;
  const known = Uint32Array.from({ length: labelled }, (_, row) => row);
  const pool: Pool = {
    n,
    nClasses,
    eligible: bitmapFromRows(
      n,
      Uint32Array.from({ length: n - labelled }, (_, i) => i + labelled),
    ),
    labelled: { rows: known, classes: new Int32Array(labelled) },
    probabilities: await loaded(folder, "probabilities"),
    embeddings: await loaded(folder, "embeddings"),
  };
  const options: OptionValues = { ...peerCase.options, ...(await radiusOption(peerCase, folder)) };
  const spec = { op: "single", use, options };
  const dims = { eligible: n - labelled, labelled, nClasses, embeddingDim: dim, batchSize: batch };
  const { kernels } = await cliKernels(specCost(spec, dims).bytes);
  const before = process.resourceUsage().maxRSS;
  let quickest: Pick<PeerRun, "seconds" | "cpuSeconds"> | undefined;
  let picks: readonly number[] = [];
  do {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const selection = await runSpec(spec, pool, batch, { kernels, seed: "peers" });
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const cpuSeconds = (user + system) / 1e6;
    picks = [...selection.rows];
    const isFirst = quickest === undefined;
    if (quickest === undefined || cpuSeconds < quickest.cpuSeconds) quickest = { seconds, cpuSeconds };
    if (!isFirst) break;
  } while (quickest.seconds < REPEAT_BELOW_SECONDS);
  const grownMiB = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  return { ...quickest, grownMiB, picks };
}

/** The radius that the peer is given as well. */
async function radiusOption(peerCase: PeerCase, folder: string): Promise<OptionValues> {
  if (peerCase.use !== "probcover") return {};
  const path = join(folder, "radius.npy");
  return { radius: npyVector(openNpy(path), path)[0] };
}

function runProcess(command: string, args: readonly string[], limitSeconds: number): PeerRun | string {
  try {
    const text = execFileSync(command, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limitSeconds * 1000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return JSON.parse(text.split("\n").filter((line) => line.startsWith("{"))[0]);
  } catch (error) {
    const { code, status, stderr } = error as { code?: string; status?: number; stderr?: string };
    if (code === "ETIMEDOUT") return `longer than ${limitSeconds} s`;
    if (status === 3 || code === "ENOENT") return "not installed";
    return (stderr ?? String(error)).trim().split("\n").at(-1) ?? "failed";
  }
}

function best(runs: readonly PeerRun[]): PeerRun {
  return runs.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));
}

export interface CaseReport {
  readonly name: string;
  readonly ours: Omit<PeerRun, "picks">;
  readonly peers: Readonly<Record<string, unknown>>;
}

/** Runs ours and every peer in turns, `rounds` times. */
export function comparePeers(
  peerCase: PeerCase,
  args: { index: number; isSmall: boolean; rounds: number; python: string; limitSeconds: number },
): CaseReport {
  const folder = mkdtempSync(join(tmpdir(), "winnow-peers-"));
  try {
    writePool(folder, peerCase);
    const flags = args.isSmall ? ["--small"] : [];
    const ours: PeerRun[] = [];
    const runs = new Map<string, PeerRun[]>();
    const failures = new Map<string, string>();
    for (let round = 0; round < args.rounds; round++) {
      const own = runProcess(
        process.execPath,
        ["--import", "tsx", FILE, "--ours", String(args.index), folder, ...flags],
        args.limitSeconds,
      );
      if (typeof own === "string") throw new Error(`${peerCase.name}: ${own}`);
      ours.push(own);
      for (const peer of peerCase.peers) {
        if (failures.has(peer)) continue;
        const command = [SCRIPT, peerCase.method, peer, folder, String(peerCase.batch)];
        const run = runProcess(args.python, command, args.limitSeconds);
        if (typeof run === "string") failures.set(peer, run);
        else runs.set(peer, [...(runs.get(peer) ?? []), run]);
      }
    }
    const own = best(ours);
    const peers = Object.fromEntries(
      peerCase.peers.map((peer) => {
        const done = runs.get(peer);
        if (done === undefined) return [peer, { failed: failures.get(peer) }];
        return [peer, comparison(own, best(done), peerCase.isDeterministic)];
      }),
    );
    return { name: peerCase.name, ours: rounded(own), peers };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rounded({ seconds, cpuSeconds, grownMiB }: PeerRun): Omit<PeerRun, "picks"> {
  return { seconds: Number(seconds.toPrecision(4)), cpuSeconds: Number(cpuSeconds.toPrecision(4)), grownMiB };
}

function comparison(own: PeerRun, peer: PeerRun, isDeterministic: boolean) {
  const theirs = new Set(peer.picks);
  return {
    ...rounded(peer),
    versions: peer.versions,
    /** How many times our processor time and memory the peer needs. */
    cpuRatio: Number((peer.cpuSeconds / own.cpuSeconds).toPrecision(3)),
    memoryRatio: own.grownMiB > 0 ? Number((peer.grownMiB / own.grownMiB).toPrecision(3)) : null,
    samePicks: isDeterministic ? own.picks.filter((row) => theirs.has(row)).length / own.picks.length : null,
  };
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function main(): void {
  const isSmall = process.argv.includes("--small");
  const only = argument("--only")?.split(",");
  const rounds = Number(argument("--rounds") ?? (isSmall ? 1 : 3));
  const limitSeconds = Number(argument("--limit") ?? 600);
  const python = argument("--python") ?? "python3";
  const loads: number[] = [];
  const results: CaseReport[] = [];
  for (const [index, large] of PEER_CASES.entries()) {
    if (only !== undefined && !only.includes(large.method)) continue;
    loads.push(loadavg()[0]);
    const peerCase = isSmall ? smallCase(large) : large;
    const report = comparePeers(peerCase, { index, isSmall, rounds, python, limitSeconds });
    results.push(report);
    console.log(`${report.name}: ${report.ours.cpuSeconds} s of processor, +${report.ours.grownMiB} MiB`);
    for (const [peer, result] of Object.entries(report.peers)) console.log(`  ${peer}: ${JSON.stringify(result)}`);
  }
  const out = argument("--out");
  if (out === undefined) return;
  const report = {
    command: `npx tsx bench/peers/selection.bench.ts ${process.argv.slice(2).join(" ")}`.trim(),
    at: new Date().toISOString(),
    machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, loadAverages: loads },
    isSmall,
    rounds,
    results,
  };
  mkdirSync(dirname(resolve(out)), { recursive: true });
  writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === FILE) {
  const at = process.argv.indexOf("--ours");
  if (at < 0) main();
  else {
    const peerCase = PEER_CASES[Number(process.argv[at + 1])];
    const chosen = process.argv.includes("--small") ? smallCase(peerCase) : peerCase;
    process.stdout.write(`${JSON.stringify(await runOurs(chosen, process.argv[at + 2]))}\n`);
  }
}
