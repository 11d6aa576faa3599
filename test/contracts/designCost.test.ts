import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { runOurs } from "@/bench/peers/selection.bench";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, registry } from "@/strategies";
import { completeOptions } from "@/strategies/core/resolveOptions";
import { createReferenceKernels } from "@/strategies/kernels";
import { quietContext } from "./designPools";

setFlagsFromString("--expose_gc");
const collect = runInNewContext("gc") as () => void;

const [n, dim, nClasses, labelled, batch] = [3_000, 48, 4, 60, 12];

function largePool(): Pool {
  const random = new KeyedRandom("cost", "pool");
  const p = Float32Array.from({ length: n * nClasses }, (_, i) => 0.05 + random.uniform(i));
  for (let i = 0; i < n; i++) {
    const row = p.subarray(i * nClasses, (i + 1) * nClasses);
    const sum = row.reduce((total, value) => total + value, 0);
    for (let c = 0; c < nClasses; c++) row[c] /= sum;
  }
  const x = Float32Array.from({ length: n * dim }, (_, i) => random.uniform(i, 1));
  const known = Uint32Array.from({ length: labelled }, (_, i) => i);
  return {
    ...{ n, nClasses, state: null },
    eligible: bitmapFromRows(
      n,
      Uint32Array.from({ length: n - labelled }, (_, i) => i + labelled),
    ),
    labelled: { rows: known, classes: new Int32Array(labelled) },
    probabilities: arrayMatrix(p, n, nClasses),
    embeddings: arrayMatrix(x, n, dim),
  };
}

test.each([
  ["badge", {}],
  ["bait", {}],
  ["bait", { maxDimension: 64 }],
  ["bait", { fisher: "rank-one" }],
  ["cluster-margin", {}],
  ["probcover", {}],
  ["v-optimality", { eigenpairs: 20 }],
  ["margin-pivotal", {}],
  ["margin-pivotal", { maxCandidates: 500 }],
  ["density-weighted", {}],
  ["sensitivity", {}],
  ["dpp-map", {}],
])("%s %j holds no more than it declares", async (id, given) => {
  const strategy = registry.strategies.find((entry) => entry.id === id)!;
  const options = completeOptions(strategy, given, "options");
  const pool = largePool();
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
  expect(calls).toBeGreaterThan(0);
  const dims = { eligible: n - labelled, labelled, nClasses, embeddingDim: dim, batchSize: batch };
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
