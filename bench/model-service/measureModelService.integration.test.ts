import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { measureModelService } from "./measureModelService";
import { syntheticPool } from "./syntheticPool";
import type { RunningWorker } from "./workerProcess";
import { bundleWorker, startWorker } from "./workerProcess";

let context: TestContext;
let worker: RunningWorker;
beforeAll(async () => {
  await ensureKernelsBuilt();
  context = await createTestContext();
  worker = startWorker(await bundleWorker(), context.url, join(context.dataDir, "data"));
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await context.cleanup();
});

describe("the bench of the model service", () => {
  it("goes the whole way on a small pool, with the bundled worker, and gives every figure", async () => {
    const options = { rows: 1_200, labelsFirst: 160, labelsEach: 10, repeats: 1, timeoutMs: 90_000 };
    const figures = await measureModelService(context.db, worker, options, () => undefined);
    expect(figures).toMatchObject({ rows: 1_200, classes: 77, featureDim: 256 });
    expect(figures.refills).toHaveLength(2);
    for (const refill of figures.refills) {
      expect(refill.labelToQueueMs).toBeGreaterThan(0);
      expect(Object.values(refill.cpu).every((ms) => ms > 0)).toBe(true);
    }
    expect(figures.coldStart.roundMs).toBeGreaterThan(0);
    expect(figures.accuracyOnAudit).toBeGreaterThan(0);
  }, 150_000);
});

describe("syntheticPool", () => {
  it("is the same for a seed and has every class", () => {
    const pool = syntheticPool(2_000, "s");
    expect(syntheticPool(2_000, "s")).toEqual(pool);
    expect(new Set(pool.map((item) => item.label)).size).toBe(77);
    expect(new Set(pool.map((item) => item.text)).size).toBeGreaterThan(1_900);
  });
});
