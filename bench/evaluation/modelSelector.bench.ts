import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { groupVotes, ModelSelector, predictionMatrix } from "@/strategies";

/**
 * MODEL SELECTOR per label on synthetic predictions, and the published routine in numpy on the same file:
 * `npx tsx bench/evaluation/modelSelector.bench.ts [--items 100000] [--models 500] [--classes 100] [--labels 20]
 *  [--python PATH] [--peer-labels 1] [--out FILE.json]`.
 *
 * Models are right with a probability of their own between 0.5 and 0.9; wrong answers are half of the time the item's own
 * confusable class and else any class. Milliseconds on one thread: CPU time of the process, which other
 * work on the machine leaves alone, and wall time.
 */

function argument(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

function textArgument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

const nItems = argument("items", 100_000);
const nModels = argument("models", 500);
const nClasses = argument("classes", 100);
const nLabels = argument("labels", 20);
const epsilon = 0.42;

/** xorshift32: the data set needs tens of millions of numbers and no keys. */
function numbers(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 4294967296;
  };
}

function synthesize(): { values: Uint8Array; labels: Uint8Array } {
  const random = numbers(20251124);
  const skill = Float64Array.from({ length: nModels }, () => 0.5 + 0.4 * random());
  const values = new Uint8Array(nItems * nModels);
  const labels = new Uint8Array(nItems);
  for (let i = 0; i < nItems; i++) {
    const label = Math.floor(random() * nClasses);
    const confusable = Math.floor(random() * nClasses);
    labels[i] = label;
    for (let j = 0; j < nModels; j++) {
      const isRight = random() < skill[j];
      values[i * nModels + j] = isRight ? label : random() < 0.5 ? confusable : Math.floor(random() * nClasses);
    }
  }
  return { values, labels };
}

interface PeerResult {
  numpy: string;
  cpuMsPerLabel: number[];
  picks: number[];
}

function runPeer(values: Uint8Array, labels: Uint8Array): PeerResult | string {
  const python = textArgument("python");
  if (python === undefined) return "not run: --python PATH of an interpreter with numpy";
  const folder = mkdtempSync(join(tmpdir(), "winnow-peer-"));
  try {
    writeFileSync(join(folder, "predictions.u8"), values);
    writeFileSync(join(folder, "labels.u8"), labels);
    const script = fileURLToPath(new URL("../peers/model_selector.py", import.meta.url));
    const flags = [folder, nItems, nModels, nClasses, epsilon, argument("peer-labels", 1)].map(String);
    return JSON.parse(
      execFileSync(python, [script, ...flags], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
    );
  } catch (error) {
    return `not available: ${error instanceof Error ? (error.message.split("\n").at(-1) ?? error.message) : String(error)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values, labels } = synthesize();
const matrix = predictionMatrix(values, nItems, nModels, nClasses);
const startGroups = performance.now();
const groups = groupVotes(matrix);
const groupMs = performance.now() - startGroups;
const selector = new ModelSelector(matrix, { epsilon, seed: "bench", groups, ties: "lowest" });
const times: number[] = [];
const walls: number[] = [];
const picks: number[] = [];
for (let t = 0; t < nLabels; t++) {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const pick = selector.next();
  if (pick === undefined) break;
  selector.record(pick.item, labels[pick.item]);
  walls.push(performance.now() - start);
  const { user, system } = process.cpuUsage(cpu);
  times.push((user + system) / 1000);
  picks.push(pick.item);
}
const sorted = [...times].sort((a, b) => a - b);
const sortedWalls = [...walls].sort((a, b) => a - b);
const peer = runPeer(values, labels);
const median = sorted[Math.floor(sorted.length / 2)];
const report = {
  command: `npx tsx bench/evaluation/modelSelector.bench.ts ${process.argv.slice(2).join(" ")}`.trim(),
  at: new Date().toISOString(),
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, loadAverage: loadavg()[0] },
  sizes: { nItems, nModels, nClasses, dissenters: groups.members.length, groups: groups.isAbstention.length },
  groupingMs: Math.round(groupMs),
  cpuMsPerLabel: { median, least: sorted[0], most: sorted[sorted.length - 1] },
  wallMsPerLabel: { median: sortedWalls[Math.floor(walls.length / 2)], least: sortedWalls[0] },
  peer,
  picksEqual: typeof peer === "string" ? null : peer.picks.every((item, t) => item === picks[t]),
  timesFaster:
    typeof peer === "string"
      ? null
      : peer.cpuMsPerLabel.reduce((a, b) => a + b, 0) / peer.cpuMsPerLabel.length / median,
};
console.log(JSON.stringify(report, null, 2));
const out = textArgument("out");
if (out !== undefined) writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
