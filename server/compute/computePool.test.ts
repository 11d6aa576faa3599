import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import type { BlobStore } from "../storage";
import { openFsBlobStore } from "../storage";
import { encodeArrayFile } from "./arrayFile";
import { ComputePool } from "./computePool";
import type { MeasurePayload } from "./protocol";

let folder: string;
let storage: BlobStore;
const pools: ComputePool[] = [];

beforeAll(async () => {
  await ensureKernelsBuilt();
  folder = mkdtempSync(join(tmpdir(), "winnow-compute-"));
  storage = openFsBlobStore(join(folder, "blobs"));
});
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function makePool(options: ConstructorParameters<typeof ComputePool>[0] = {}): ComputePool {
  const pool = new ComputePool({ childrenMax: 1, ...options });
  pools.push(pool);
  return pool;
}

/** A measurement of n rows and as many versions: its bootstrap takes about n·versions·50 µs. */
function sample(n: number, nVersions: number): MeasurePayload {
  const versions = Array.from({ length: nVersions }, (_, i) => i + 1);
  const truth = Int32Array.from({ length: n }, (_, i) => i % 2);
  const arrays: Record<string, Int32Array> = { truth };
  for (const version of versions)
    arrays[`predicted-${version}`] = Int32Array.from(truth, (c, i) => (i % 4 === 0 ? 1 - c : c));
  const samplePath = join(folder, `sample-${n}-${nVersions}`);
  writeFileSync(samplePath, encodeArrayFile({}, arrays));
  return { nClasses: 2, seed: "s", level: 0.95, isExact: false, versions, samplePath };
}

const quick = () => sample(40, 1);
/** Half a minute of work, cut short by every test that begins it. */
const endless = () => sample(20_000, 20);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let n = 0; n < 400; n++) {
    if (condition()) return;
    await pause(50);
  }
  throw new Error(`waited 20 s for: ${what}`);
}

describe("ComputePool", () => {
  it("runs a task in a child and says what it cost", async () => {
    const pool = makePool();
    const { result, usage } = await pool.run("measure", storage, quick());
    expect(result.versions).toMatchObject([{ version: 1, n: 40, accuracy: { value: 0.75 } }]);
    expect(usage.wallMs).toBeGreaterThan(0);
    expect(usage.peakRssBytes).toBeGreaterThan(10 * 2 ** 20);
    expect(pool.pids).toHaveLength(1);
    expect(pool.pids[0]).not.toBe(process.pid);
  });

  it("keeps a child warm for the next task, and ends it when none comes", async () => {
    const pool = makePool({ keepWarmMs: 300 });
    await pool.run("measure", storage, quick());
    const [pid] = pool.pids;
    await pool.run("measure", storage, quick());
    expect(pool.pids).toEqual([pid]);
    await until(() => !isAlive(pid), "the idle child to end");
    expect((await pool.run("measure", storage, quick())).result.versions).toHaveLength(1);
  });

  it("passes on the task's own error and keeps the child", async () => {
    const pool = makePool();
    await pool.run("measure", storage, quick());
    const before = pool.pids;
    const payload = {
      features: { dim: 2, shards: [] },
      trainSetKey: "projects/1/none",
      trainer: { id: "softmax", options: {}, classWeights: "none" as const },
      nClasses: 2,
      seed: "s",
      modelKey: "projects/1/model",
    };
    await expect(pool.run("train", storage, payload)).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    await pool.run("measure", storage, quick());
    expect(pool.pids).toEqual(before);
  });

  it("reports a child that was killed, and goes on with a new one", async () => {
    const pool = makePool();
    let nReports = 0;
    const running = pool.run("measure", storage, endless(), { onProgress: () => nReports++ });
    const failure = expect(running).rejects.toMatchObject({
      code: "E_JOB_FAILED",
      details: { task: "measure", reason: "crash", signal: "SIGKILL" },
    });
    await until(() => nReports > 0, "the task to report");
    process.kill(pool.pids[0], "SIGKILL");
    await failure;
    expect((await pool.run("measure", storage, quick())).result.versions).toHaveLength(1);
  });

  it("ends the child of a cancelled task at once", async () => {
    const pool = makePool();
    const controller = new AbortController();
    let nReports = 0;
    const running = pool.run("measure", storage, endless(), {
      signal: controller.signal,
      onProgress: () => nReports++,
    });
    const failure = expect(running).rejects.toMatchObject({ code: "E_CANCELLED" });
    await until(() => nReports > 0, "the task to report");
    const [pid] = pool.pids;
    const abortedAt = Date.now();
    controller.abort();
    await failure;
    expect(Date.now() - abortedAt).toBeLessThan(1_000);
    await until(() => !isAlive(pid), "the child to end");
  });

  it("lets tasks wait for a free child; one that is cancelled while it waits disturbs nobody", async () => {
    const pool = makePool();
    const controller = new AbortController();
    const first = pool.run("measure", storage, sample(2_000, 4));
    const second = pool.run("measure", storage, quick(), { signal: controller.signal });
    const third = pool.run("measure", storage, quick());
    const failure = expect(second).rejects.toMatchObject({ code: "E_CANCELLED" });
    controller.abort();
    await failure;
    expect(pool.pids).toHaveLength(1);
    expect((await first).result.versions).toHaveLength(4);
    expect((await third).result.versions).toHaveLength(1);
  });

  it("stops a task at its time limit", async () => {
    const pool = makePool();
    await expect(pool.run("measure", storage, endless(), { timeLimitMs: 300 })).rejects.toMatchObject({
      code: "E_JOB_FAILED",
      details: { reason: "timeLimit", timeLimitMs: 300 },
    });
  });

  it.skipIf(process.platform !== "linux")("stops a task at its memory limit", async () => {
    const pool = makePool();
    await expect(pool.run("measure", storage, endless(), { memoryLimitBytes: 20 * 2 ** 20 })).rejects.toMatchObject({
      code: "E_JOB_FAILED",
      details: { reason: "memoryLimit" },
    });
  });

  it.skipIf(process.platform !== "linux")("gives children nothing of the worker's environment", async () => {
    const pool = makePool();
    await pool.run("measure", storage, quick());
    const environment = readFileSync(`/proc/${pool.pids[0]}/environ`, "utf8");
    expect(environment).not.toMatch(/PATH|HOME|DATABASE/);
  });

  it("fails what runs and what waits when it is closed, and takes nothing more", async () => {
    const pool = makePool();
    const running = expect(pool.run("measure", storage, endless())).rejects.toMatchObject({ code: "E_JOB_FAILED" });
    const waiting = expect(pool.run("measure", storage, quick())).rejects.toMatchObject({ code: "E_UNAVAILABLE" });
    await until(() => pool.pids.length === 1, "a child");
    const [pid] = pool.pids;
    pool.close();
    await running;
    await waiting;
    await until(() => !isAlive(pid), "the child to end");
    await expect(pool.run("measure", storage, quick())).rejects.toMatchObject({ code: "E_UNAVAILABLE" });
  });
});
