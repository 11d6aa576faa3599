import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { claim, label, queueContextFor } from "@/test/simulation/queueContextFor";
import type { QueueScene } from "@/test/simulation/queueScene";
import { makeQueueScene } from "@/test/simulation/queueScene";
import { undoAnnotation } from "../annotation";
import type { QueueContext } from "./queueContext";

let world: TestContext;
let scene: QueueScene;
beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());

/** Rows 0 and 1 have predictions of the active model; row 2 came later. */
const PROBABILITIES = new Float32Array([0.125, 0.75, 0.125, 0.5, 0.25, 0.25]);

beforeEach(async () => {
  scene = await makeQueueScene(world);
  const { projectId } = scene;
  const { key } = await world.storage.put(`predictions/${projectId}/1/0`, new Uint8Array(PROBABILITIES.buffer));
  await world.db.query(
    `insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, seed, params, classes,
       data_hash, code_version, backend) values ($1, 1, 'softmax', 'ready', 0, 2, 's', '{}', '["a","b","c"]', 'h', 'c', 'b')`,
    [projectId],
  );
  await world.db.query("insert into prediction_shard values ($1, 1, 0, 2, 3, $2)", [projectId, key]);
  await world.db.query("update project set active_model_version = 1 where id = $1", [projectId]);
});

const ann = (): Promise<QueueContext> => queueContextFor(world, scene.projectId, scene.users[0]);

describe("suggestions", () => {
  test("come with claimed items, best classes first, and are absent where the model has not looked yet", async () => {
    const { entries } = await claim(await ann(), 3);
    expect(entries.map((entry) => entry.suggestion)).toEqual([
      {
        modelVersion: 1,
        trainer: "softmax",
        top: [
          ["b", 0.75],
          ["a", 0.125],
          ["c", 0.125],
        ],
        value: { choice: "b" },
        staleness: 0,
      },
      expect.objectContaining({ top: expect.arrayContaining([["a", 0.5]]), value: { choice: "a" } }),
      null,
    ]);
  });

  test("come back with an undone item, and say how many answers the model does not know", async () => {
    const ctx = await ann();
    const [item] = (await claim(ctx, 1)).entries;
    await label(ctx, item, "c");
    const { item: back } = await undoAnnotation(ctx, { submissionId: crypto.randomUUID(), tab: "tab-1" });
    expect(back.suggestion).toMatchObject({ value: { choice: "b" }, staleness: 2 });
  });

  test("do not leave the server when the project hides them", async () => {
    await world.db.query("update project set suggestion_policy = 'hide' where id = $1", [scene.projectId]);
    const { entries } = await claim(await ann(), 2);
    expect(entries.map((entry) => entry.suggestion)).toEqual([null, null]);
  });

  test("do not leave the server for items that measure, not even after an undo, unless the project says so", async () => {
    const { projectId } = scene;
    await world.db.query("update queue_entry set purpose = 'audit' where project_id = $1 and row = 0", [projectId]);
    const ctx = await ann();
    const { entries } = await claim(ctx, 2);
    expect(entries.map((entry) => [entry.served.purpose, entry.suggestion?.value ?? null])).toEqual([
      ["audit", null],
      ["train", { choice: "a" }],
    ]);
    await label(ctx, entries[0], "c");
    const { item: back } = await undoAnnotation(ctx, { submissionId: crypto.randomUUID(), tab: "tab-1" });
    expect(back).toMatchObject({ row: 0, suggestion: null });

    await world.db.query("update project set suggest_on_audit = true where id = $1", [projectId]);
    const shown = (await claim(await ann(), 2)).entries;
    expect(shown.map((entry) => entry.suggestion?.value)).toEqual([{ choice: "b" }, { choice: "a" }]);
  });

  test("that cannot be read leave the items without, and the items are given all the same", async () => {
    await world.storage.put(`predictions/${scene.projectId}/1/0`, new Uint8Array(3));
    const result = await claim(await ann(), 2);
    expect(result.status).toBe("ok");
    expect(result.entries.map((entry) => entry.suggestion)).toEqual([null, null]);
  });
});
