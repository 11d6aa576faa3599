import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext, silentLog } from "@/test/harness/testContext";
import { RunLocks } from "./runLocks";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

const openLocks = (onLost = () => undefined) => new RunLocks(context.url, silentLog, onLost);

test("many runs begun at once are locked one statement after the other, each for one process only", async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", note);
  const [mine, others] = [openLocks(), openLocks()];
  const runs = Array.from({ length: 25 }, () => randomUUID());
  expect(await Promise.all(runs.map((run) => mine.acquire(run)))).toEqual(runs.map(() => true));
  expect(await Promise.all(runs.map((run) => others.acquire(run)))).toEqual(runs.map(() => false));
  await Promise.all(runs.slice(0, 10).map((run) => mine.release(run)));
  const after = await Promise.all(runs.map((run) => others.acquire(run)));
  expect(after).toEqual(runs.map((_, i) => i < 10));
  await Promise.all([mine.close(), others.close()]);
  // Warnings are emitted in a later turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

test("a lost session gives its locks free, says so, and the next lock opens another", async () => {
  let nLost = 0;
  const [mine, others] = [
    openLocks(() => {
      nLost++;
    }),
    openLocks(),
  ];
  const run = randomUUID();
  expect(await mine.acquire(run)).toBe(true);
  await context.db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'winnow run locks' and datname = current_database()",
  );
  await expect.poll(() => nLost).toBe(1);
  await expect.poll(() => others.acquire(run).catch(() => false)).toBe(true);
  expect(await mine.acquire(run)).toBe(false);
  expect(await mine.acquire(randomUUID())).toBe(true);
  await Promise.all([mine.close(), others.close()]);
});
