import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { withTransaction } from "@/server/db";
import { loadProject, updateProject } from "@/server/projects";
import type { MadeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { interleave } from "@/test/simulation/interleave";
import { findViolations } from "@/test/simulation/invariants";
import { claim, label } from "@/test/simulation/queueContextFor";
import { makeQueueScene, takeItem } from "@/test/simulation/queueScene";
import { SeededRandom } from "@/test/simulation/seededRandom";
import type { QueueContext } from "../queue";
import { recordImportedLabels } from "./recordImportedLabels";
import { submitAnnotation } from "./submitAnnotation";

let world: TestContext;
let projectId: number;
let users: MadeUser[];
let people: QueueContext[];

beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());
afterEach(async () => {
  expect(await findViolations(world.db, { projectId })).toEqual([]);
});

async function makeScene(): Promise<void> {
  ({ projectId, users, people } = await makeQueueScene(world, { items: 4 }));
}

/** Takes the label c away, as a lead does. */
async function removeC(db: TestContext["db"]): Promise<void> {
  const { taskConfig } = await loadProject(world.db, projectId);
  const config = taskConfig as { labels: { id: string }[] };
  const labels = config.labels.filter(({ id }) => id !== "c");
  await updateProject({ db, clock: world.clock, actor: people[0].actor }, {
    projectId,
    taskConfig: { ...config, labels },
  } as never);
}

const removed = async () => {
  const { taskConfig } = await loadProject(world.db, projectId);
  return !(taskConfig as { labels: { id: string }[] }).labels.some(({ id }) => id === "c");
};
const storedValues = async () =>
  (
    await world.db.query<{ choice: string }>(
      "select value ->> 'choice' as choice from annotation where project_id = $1 and kind = 'label' order by seq",
      [projectId],
    )
  ).rows.map(({ choice }) => choice);

describe("a label class that is removed while people answer", () => {
  test.each(Array.from({ length: 25 }, (_, i) => i))(
    "is either in use and stays, or gone and in no answer; other answers all arrive; order %i",
    async (seed) => {
      await makeScene();
      const items = [await takeItem(people[0]), await takeItem(people[1])];
      const outcomes = await interleave<unknown>(world.db, new SeededRandom(`labels ${seed}`), [
        { run: (db) => label({ ...people[0], db }, items[0], "c") },
        { run: (db) => label({ ...people[1], db }, items[1], "a") },
        { run: (db) => removeC(db) },
      ]);
      const stored = await storedValues();
      const [submitted, other, change] = outcomes;
      expect(other.status).toBe("fulfilled");
      expect(stored).toContain("a");
      expect(submitted.status === "fulfilled").toBe(stored.includes("c"));
      expect(change.status === "fulfilled").toBe(!stored.includes("c"));
      expect(await removed()).toBe(!stored.includes("c"));
      if (submitted.status === "rejected") expect(submitted.reason).toMatchObject({ code: "E_BAD_INPUT" });
      if (change.status === "rejected") expect(change.reason).toMatchObject({ code: "E_CONFLICT" });
    },
  );

  test("turns away an answer that was checked before and waits for the change, and the person may answer anew", async () => {
    await makeScene();
    const item = await takeItem(people[0]);
    const stale = people[0];
    await removeC(world.db);
    await expect(label(stale, item, "c")).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    expect(await label(stale, item, "b")).toMatchObject({ seq: 1, isLate: false });
    expect(users).toHaveLength(3);
  });

  test("tells a page with older labels so, apart from an answer that never fitted", async () => {
    await makeScene();
    const item = await takeItem(people[0]);
    const { configVersion } = await loadProject(world.db, projectId);
    expect(await claim(people[0], 1)).toMatchObject({ configVersion });
    await removeC(world.db);
    const project = await loadProject(world.db, projectId);
    const now = { ...people[0], project };
    expect(await claim(now, 1)).toMatchObject({ configVersion: configVersion + 1 });
    const answer = (choice: string, under: number) =>
      submitAnnotation(now, {
        submissionId: randomUUID(),
        leaseToken: item.leaseToken,
        row: item.row,
        kind: "label",
        value: { choice },
        suggestionShown: false,
        configVersion: under,
      });
    await expect(answer("c", configVersion)).rejects.toMatchObject({
      code: "E_PRECONDITION",
      details: { reason: "labelsChanged", configVersion: configVersion + 1 },
    });
    await expect(answer("c", configVersion + 1)).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    expect(await answer("b", configVersion)).toMatchObject({ seq: 1, isLate: false });
  });

  test("turns away labels of a file that were read under the old labels", async () => {
    await makeScene();
    const { project } = people[0];
    await removeC(world.db);
    const record = (choice: string, under = project) =>
      withTransaction(world.db, (tx) =>
        recordImportedLabels(tx, {
          project: under,
          source: "import",
          origin: "import:1",
          labels: [{ row: 0, value: { choice } }],
          now: world.clock.now(),
        }),
      );
    await expect(record("c")).rejects.toMatchObject({ code: "E_UNAVAILABLE", isRetryable: true });
    const now = await loadProject(world.db, projectId);
    await expect(record("c", now)).rejects.toMatchObject({ code: "E_BAD_INPUT" });
    expect(await record("a", now)).toEqual({ recorded: 1, existing: 0 });
    expect(await storedValues()).toEqual(["a"]);
  });
});
