import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAnnotations, makeItems, makeMember, makeProject, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { claim, label, queueContextFor, skipOf } from "@/test/simulation/queueContextFor";
import { submitAnnotation } from "../annotation";
import { withTransaction } from "../db";
import type { QueueContext } from "./queueContext";
import type { RoundEntries, RoundPick, WrittenRound } from "./writeRoundEntries";
import { nextGeneration, writeRoundEntries } from "./writeRoundEntries";

let world: TestContext;
beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());

interface Scene {
  projectId: number;
  ann: QueueContext;
  bob: QueueContext;
  write: (rows: readonly number[], change?: Partial<RoundEntries>) => Promise<WrittenRound>;
}

function pick(row: number, place: number): RoundPick {
  return {
    row,
    rank: place,
    score: 1 / (place + 1),
    percentile: null,
    inclusion: null,
    reason: [{ code: "random" }],
    purpose: "train",
    isFallback: false,
    priority: place,
  };
}

async function makeScene(options: { overlap?: number; items?: number } = {}): Promise<Scene> {
  const project = await makeProject(world.db, { leaseSeconds: 60, labels: ["a", "b"], overlap: options.overlap });
  await makeItems(world.db, project.id, options.items ?? 5);
  const users = [await makeUser(world.db), await makeUser(world.db)];
  for (const user of users) await makeMember(world.db, project.id, user.id, "annotator");
  const [ann, bob] = await Promise.all(users.map((user) => queueContextFor(world, project.id, user)));
  const write: Scene["write"] = (rows, change) =>
    withTransaction(world.db, async (tx) =>
      writeRoundEntries(tx, {
        projectId: project.id,
        round: 1,
        generation: await nextGeneration(tx, project.id),
        modelVersion: null,
        strategy: "margin",
        picks: rows.map(pick),
        now: world.clock.now(),
        ...change,
      }),
    );
  return { projectId: project.id, ann, bob, write };
}

async function entries(projectId: number) {
  const { rows } = await world.db.query(
    "select row, slot, generation, state from queue_entry where project_id = $1 order by id",
    [projectId],
  );
  return rows.map((e) => `${e.row}.${e.slot} g${e.generation} ${e.state}`);
}

describe("writeRoundEntries", () => {
  test("writes one entry per wanted opinion, in the order of serving, with all the strategy said", async () => {
    const { projectId, ann, write } = await makeScene({ overlap: 2 });
    expect(await write([3, 1], { modelVersion: 7, round: 4 })).toEqual({ written: 4, superseded: 0, skipped: 0 });
    expect(await entries(projectId)).toEqual(["3.0 g1 open", "3.1 g1 open", "1.0 g1 open", "1.1 g1 open"]);
    const { entries: claimed } = await claim(ann, 5);
    expect(claimed.map((e) => e.row)).toEqual([3, 1]);
    expect(claimed[1].served).toEqual({
      round: 4,
      strategy: "margin",
      purpose: "train",
      rank: 1,
      score: 0.5,
      percentile: null,
      inclusion: null,
      modelVersion: 7,
      isFallback: false,
      reason: [{ code: "random" }],
    });
  });

  test("supersedes what an older generation left open or expired, and leaves what is held", async () => {
    const { projectId, ann, bob, write } = await makeScene();
    await write([0, 1, 2, 3]);
    await claim(ann, 1);
    world.clock.advanceSeconds(61);
    await claim(bob, 1, "x"); // takes row 0 over from Ann
    await claim(ann, 1, "y"); // row 1
    world.clock.advanceSeconds(1);
    expect(await write([4, 2])).toEqual({ written: 2, superseded: 2, skipped: 0 });
    expect(await entries(projectId)).toEqual([
      "0.0 g1 leased",
      "1.0 g1 leased",
      "2.0 g1 superseded",
      "3.0 g1 superseded",
      "4.0 g2 open",
      "2.0 g2 open",
    ]);
    world.clock.advanceSeconds(61);
    expect(await write([0])).toEqual({ written: 1, superseded: 4, skipped: 0 });
  });

  test("asks for as many opinions as labels and live leases leave wanting, in free slots", async () => {
    const { projectId, ann, bob, write } = await makeScene({ overlap: 3, items: 3 });
    await write([0, 1, 2]);
    const [first] = (await claim(ann, 1)).entries;
    await label(ann, first, "a");
    await claim(bob, 2);
    expect(await write([0, 1, 2])).toEqual({ written: 1 + 2 + 3, superseded: 6, skipped: 0 });
    const live = (await entries(projectId)).filter((e) => /open|leased/.test(e));
    expect(live).toEqual([
      "0.1 g1 leased",
      "1.0 g1 leased",
      "0.0 g2 open",
      "1.1 g2 open",
      "1.2 g2 open",
      "2.0 g2 open",
      "2.1 g2 open",
      "2.2 g2 open",
    ]);
  });

  test("skips picks that were resolved, parked, excluded or deleted meanwhile, and rows that do not exist", async () => {
    const { projectId, write } = await makeScene();
    await makeAnnotations(world.db, projectId, [{ row: 0, label: "a" }]);
    await world.db.query("update item set status = 'resolved' where project_id = $1 and row = 0", [projectId]);
    await world.db.query("update item set status = 'parked' where project_id = $1 and row = 1", [projectId]);
    await world.db.query("update item set status = 'excluded' where project_id = $1 and row = 2", [projectId]);
    await world.db.query("update item set deleted_at = now() where project_id = $1 and row = 3", [projectId]);
    expect(await write([0, 1, 2, 3, 4, 99])).toEqual({ written: 1, superseded: 0, skipped: 5 });
  });

  test("refuses a generation that is not newer, a row picked twice, and purposes that rounds do not write", async () => {
    const { projectId, write } = await makeScene();
    await write([0]);
    await expect(write([1], { generation: 1 })).rejects.toMatchObject({ code: "E_CONFLICT" });
    await expect(write([1, 1])).rejects.toMatchObject({ code: "E_INTERNAL" });
    await expect(write([], { picks: [{ ...pick(1, 0), purpose: "gold" }] })).rejects.toMatchObject({
      code: "E_INTERNAL",
    });
    expect(await entries(projectId)).toEqual(["0.0 g1 open"]);
  });

  test("leaves entries of other purposes alone", async () => {
    const { projectId, write } = await makeScene();
    await write([0]);
    await world.db.query("update queue_entry set purpose = 'relabel' where project_id = $1", [projectId]);
    expect(await write([1])).toMatchObject({ superseded: 0 });
  });

  test("written while people claim and submit, nothing is lost, doubled or left open for resolved items", async () => {
    const { projectId, ann, bob, write } = await makeScene({ items: 30 });
    const rows = Array.from({ length: 30 }, (_, i) => i);
    await write(rows);
    let isDone = false;
    const work = async (ctx: QueueContext, tab: string): Promise<void> => {
      while (!isDone) {
        const { entries: held } = await claim(ctx, 2, tab);
        for (const item of held) {
          if (item.row % 7 === 3) await submitAnnotation(ctx, skipOf(item));
          else await label(ctx, item, "a");
        }
        if (held.length === 0) await new Promise((done) => setTimeout(done, 2));
      }
    };
    const workers = [work(ann, "1"), work(ann, "2"), work(bob, "1"), work(bob, "2")];
    for (let round = 0; round < 15; round++) await write(rows);
    await new Promise((done) => setTimeout(done, 50));
    await write(rows);
    isDone = true;
    await Promise.all(workers);
    const { rows: left } = await world.db.query(
      `select e.row, i.status from queue_entry e join item i using (project_id, row)
        where e.project_id = $1 and e.state = 'open' and i.status <> 'open'`,
      [projectId],
    );
    expect(left).toEqual([]);
    const { rows: twice } = await world.db.query(
      `select row from annotation where project_id = $1 and kind = 'label' and not is_extra group by row having count(*) > 1`,
      [projectId],
    );
    expect(twice).toEqual([]);
  });
});
