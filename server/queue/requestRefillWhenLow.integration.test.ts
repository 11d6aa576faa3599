import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { claim, queueContextFor } from "@/test/simulation/queueContextFor";
import type { QueueContext } from "./queueContext";

let world: TestContext;
let projectId: number;
let ann: QueueContext;

beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());
beforeEach(async () => {
  const project = await makeProject(world.db, { prefetch: 2, strategy: { batchSize: 100 } });
  projectId = project.id;
  const user = await makeUser(world.db);
  await makeMember(world.db, projectId, user.id, "annotator");
  ann = await queueContextFor(world, projectId, user);
});

async function refills(): Promise<unknown[]> {
  const { rows } = await world.db.query(
    "select payload from job_run where project_id = $1 and kind = 'queue.refill' order by created_at",
    [projectId],
  );
  return rows.map((row) => row.payload);
}

async function finishRefill(nPicked: number): Promise<void> {
  await world.db.query("update job_run set state = 'succeeded' where project_id = $1", [projectId]);
  await world.db.query(
    `insert into round (project_id, number, generation, strategy_spec, spec_hash, seed, label_seq, n_candidates, n_picked,
       status, report, trigger, started_at, finished_at, duration_ms)
     values ($1, 1, 1, '{}', 'h', 's', 0, 0, $2, 'ok', '{}', 'lowQueue', now(), now(), 1)
     on conflict (project_id, number) do update set n_picked = excluded.n_picked`,
    [projectId, nPicked],
  );
}

describe("a claim", () => {
  test("asks for one refill when someone gets less than they want and items wait outside the queue", async () => {
    await makeItems(world.db, projectId, 3);
    expect((await claim(ann, 2)).status).toBe("empty");
    expect(await refills()).toEqual([{ projectId, trigger: "lowQueue", triggeredAt: world.clock.now().toISOString() }]);
    world.clock.advanceSeconds(60);
    const result = await claim(ann, 2);
    expect(result.waiting).toMatchObject({ refillRunning: true, itemsLeft: 3 });
    expect(await refills()).toHaveLength(1);
  });

  test("asks when fewer entries are open than the people at work take in two visits", async () => {
    const rows = await makeItems(world.db, projectId, 60);
    await makeQueueEntries(world.db, projectId, rows.slice(0, 23));
    await claim(ann, 2);
    expect(await refills()).toEqual([]);
    world.clock.advanceSeconds(2);
    await claim(ann, 4);
    expect(await refills()).toHaveLength(1);
  });

  test("does not ask while every open item is in the queue", async () => {
    const rows = await makeItems(world.db, projectId, 2);
    await makeQueueEntries(world.db, projectId, rows);
    await claim(ann, 2);
    world.clock.advanceSeconds(2);
    await claim(ann, 3);
    expect(await refills()).toEqual([]);
  });

  test("leaves time between refills, more when the last one found nothing", async () => {
    await makeItems(world.db, projectId, 3);
    await claim(ann, 1);
    await finishRefill(1);
    world.clock.advanceMs(900);
    await claim(ann, 1);
    expect(await refills()).toHaveLength(1);
    world.clock.advanceMs(1_000);
    await claim(ann, 1);
    expect(await refills()).toHaveLength(2);
    await finishRefill(0);
    world.clock.advanceSeconds(10);
    await claim(ann, 1);
    expect(await refills()).toHaveLength(2);
    world.clock.advanceSeconds(10);
    await claim(ann, 1);
    expect(await refills()).toHaveLength(3);
  });

  test("a small batch size lowers the mark, so that a fresh round is not asked to be replaced", async () => {
    await world.db.query(
      `update project set strategy_spec = jsonb_set(strategy_spec, '{batchSize}', '10') where id = $1`,
      [projectId],
    );
    const rows = await makeItems(world.db, projectId, 30);
    await makeQueueEntries(world.db, projectId, rows.slice(0, 10));
    const { actor } = ann;
    const small = await queueContextFor(world, projectId, actor as { id: string; name: string });
    await claim(small, 2);
    expect(await refills()).toEqual([]);
  });
});
