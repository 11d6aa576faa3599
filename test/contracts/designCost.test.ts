import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { runOurs } from "@/bench/peers/selection.bench";
import type { OptionValues, Pool, TaskKind } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, registry } from "@/strategies";
import { completeOptions } from "@/strategies/core/resolveOptions";
import { createReferenceKernels } from "@/strategies/kernels";
import { quietContext } from "./designPools";

setFlagsFromString("--expose_gc");
const gc = runInNewContext("gc") as (options?: { type: "minor" }) => void;

/** Frees what nobody holds. Buffers are freed in the background; the second collection waits for that. */
function collect(): void {
  gc();
  gc({ type: "minor" });
}

const [n, dim, nClasses, labelled, batch] = [3_000, 48, 4, 60, 12];

/** Every registered strategy with its defaults, on every kind of task, and what options change. */
const CASES: readonly (readonly [string, TaskKind, OptionValues])[] = [
  ...registry.strategies.flatMap(({ id, taskKinds }) => taskKinds.map((kind) => [id, kind, {}] as const)),
  ["bait", "single-label", { maxDimension: 64 }],
  ["bait", "single-label", { fisher: "rank-one" }],
  ["v-optimality", "single-label", { eigenpairs: 20 }],
  ["margin-pivotal", "single-label", { maxCandidates: 500 }],
];

/** Reports nothing while it draws, so that there is no moment to measure at: it only lists the rows and sorts their keys. */
const UNMEASURED: ReadonlySet<string> = new Set(["random"]);

function labelledOf(taskKind: TaskKind): Pool["labelled"] {
  const rows = Uint32Array.from({ length: labelled }, (_, i) => i);
  if (taskKind === "single-label") return { rows, classes: Int32Array.from(rows, (i) => i % nClasses) };
  const classes = new Int32Array(labelled).fill(-1);
  if (taskKind === "regression") return { rows, classes, values: Float64Array.from(rows, (i) => Math.sin(i)) };
  return { rows, classes, multi: Uint8Array.from({ length: labelled * nClasses }, (_, i) => Number(i % 3 === 0)) };
}

function largePool(taskKind: TaskKind): Pool {
  const random = new KeyedRandom("cost", "pool");
  const p = Float32Array.from({ length: n * nClasses }, (_, i) => 0.05 + random.uniform(i));
  for (let i = 0; i < n; i++) {
    const row = p.subarray(i * nClasses, (i + 1) * nClasses);
    const sum = row.reduce((total, value) => total + value, 0);
    for (let c = 0; c < nClasses; c++) row[c] /= sum;
  }
  const x = Float32Array.from({ length: n * dim }, (_, i) => random.uniform(i, 1));
  const width = taskKind === "regression" ? 1 : nClasses;
  return {
    ...{ n, taskKind, state: null },
    nClasses: taskKind === "regression" ? 0 : nClasses,
    eligible: bitmapFromRows(
      n,
      Uint32Array.from({ length: n - labelled }, (_, i) => i + labelled),
    ),
    labelled: labelledOf(taskKind),
    probabilities: taskKind === "regression" ? undefined : arrayMatrix(p, n, nClasses),
    embeddings: arrayMatrix(x, n, dim),
    head: {
      weights: Float32Array.from({ length: dim * width }, (_, i) => random.uniform(i, 2) - 0.5),
      bias: new Float32Array(width),
    },
  };
}

test.each(CASES)("%s in %s projects with %j holds no more than it declares", async (id, taskKind, given) => {
  const strategy = registry.strategies.find((entry) => entry.id === id)!;
  const options = completeOptions(strategy, given, "options");
  const pool = largePool(taskKind);
  // The reference kernels have no memory of their own: every array is counted.
  const kernels = createReferenceKernels();
  collect();
  const before = process.memoryUsage().arrayBuffers;
  let held = 0;
  let calls = 0;
  const measure = () => {
    // Every call at first, then fewer: a collection takes milliseconds.
    if (calls++ > 20 && calls % 50 !== 0) return;
    collect();
    held = Math.max(held, process.memoryUsage().arrayBuffers - before);
  };
  const context = { ...quietContext(kernels), checkAbort: measure, progress: measure, trace: measure };
  const picks = await strategy.select(context, pool, batch, options);
  expect(picks.rows.length).toBe(batch);
  expect(calls > 0).toBe(!UNMEASURED.has(id));
  const dims = { eligible: n - labelled, labelled, nClasses: pool.nClasses, embeddingDim: dim, batchSize: batch };
  const declared = strategy.cost(dims, options).bytes;
  expect(held).toBeLessThanOrEqual(declared);
});

test.each(["margin", "k-center", "badge", "cluster-margin", "bait", "typiclust", "probcover"])(
  "our side of the comparison with peers runs: %s",
  async (method) => {
    const { PEER_CASES, smallCase, writePool } = await import("@/bench/peers/peerCases");
    const { mkdtempSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const { join } = await import("node:path");
    const peerCase = smallCase(PEER_CASES.find((entry) => entry.method === method)!);
    const folder = mkdtempSync(join(tmpdir(), "winnow-peers-test-"));
    try {
      writePool(folder, peerCase);
      const run = await runOurs(peerCase, folder);
      expect(new Set(run.picks).size).toBe(peerCase.batch);
      for (const row of run.picks) expect(row).toBeGreaterThanOrEqual(peerCase.labelled);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
