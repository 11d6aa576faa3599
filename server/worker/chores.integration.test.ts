import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext, silentLog } from "@/test/harness/testContext";
import { cleanUp, repeat, runTick, withChoresLock } from "./chores";
import type { JobHandlers } from "./handlers";
import { failAbandonedRun } from "./worker.db";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext({ now: "2026-06-01T00:00:00Z" });
});
afterAll(() => context.cleanup());

async function makeRun(state: string, finishedAt: string | null, bossId: string | null = null): Promise<string> {
  const id = randomUUID();
  await context.db.query(
    `insert into job_run (id, kind, dedupe_key, state, payload, boss_id, created_at, finished_at)
     values ($1, 'items.index', $1::uuid::text, $2, '{}', $3, '2026-01-01', $4)`,
    [id, state, bossId, finishedAt],
  );
  return id;
}

const states = async (ids: string[]) =>
  (await context.db.query<{ id: string; state: string }>("select id, state from job_run where id = any($1)", [ids]))
    .rows;

describe("chores", () => {
  test("are done by one worker at a time", async () => {
    let inside = 0;
    let most = 0;
    const chore = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 150));
      inside--;
    };
    const done = await Promise.all([1, 2, 3].map(() => withChoresLock(context.db, chore)));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(most).toBe(1);
    expect(await withChoresLock(context.db, chore)).toBe(true);
  });

  test("give the lock free when they fail", async () => {
    await expect(withChoresLock(context.db, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withChoresLock(context.db, async () => undefined)).toBe(true);
  });

  test("tick calls the handler with the pool and clock", async () => {
    let now: Date | undefined;
    const handlers = {
      "training.tick": async () => ({
        default: async (c: { clock: { now(): Date } }) => {
          now = c.clock.now();
        },
      }),
    } as unknown as JobHandlers;
    await runTick({ ...context, log: silentLog, handlers }, new AbortController().signal);
    expect(now).toEqual(new Date("2026-06-01T00:00:00Z"));
  });

  test("clean-up removes runs that ended long ago, and no others", async () => {
    const old = await makeRun("succeeded", "2026-04-01T00:00:00Z");
    const recent = await makeRun("failed", "2026-05-20T00:00:00Z");
    const waiting = await makeRun("queued", null);
    const settings = { dataDir: context.dataDir, uploadsKeptDays: 7 };
    await cleanUp({ ...context, log: silentLog, handlers: {} as JobHandlers }, settings);
    expect((await states([old, recent, waiting])).map((run) => run.id).sort()).toEqual([recent, waiting].sort());
  });

  test("go on after one of them failed, until told to stop", async () => {
    const abort = new AbortController();
    let n = 0;
    const loop = repeat(5, abort.signal, silentLog, async () => {
      n++;
      if (n === 2) throw new Error("once");
      if (n === 4) abort.abort();
    });
    await loop;
    expect(n).toBe(4);
  });
});

describe("failAbandonedRun", () => {
  test("fails the live run that a given-up delivery stood for, and touches no run that has ended", async () => {
    const bossId = randomUUID();
    const live = await makeRun("running", null, bossId);
    const ended = await makeRun("succeeded", "2026-05-30T00:00:00Z", randomUUID());
    await failAbandonedRun(
      context.db,
      bossId,
      { code: "E_JOB_FAILED", message: "m", details: {} },
      context.clock.now(),
    );
    const found = await states([live, ended]);
    expect(found.find((run) => run.id === live)?.state).toBe("failed");
    expect(found.find((run) => run.id === ended)?.state).toBe("succeeded");
  });
});
