import { afterAll, beforeAll, expect, test } from "vitest";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { claim, label, labelOf, queueContextFor } from "@/test/simulation/queueContextFor";
import { ingestItems } from "../ingestion";
import { setProjectStatus } from "../projects";
import { requestRetrain } from "../training";
import { flagItem, saveDraft, submitAnnotation, undoAnnotation } from ".";

let world: TestContext;
beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());

test("an archived project keeps what was leased before, as late, and takes nothing else", async () => {
  const { id, lead } = await makeProject(world.db, { labels: ["a", "b"] });
  const rows = await makeItems(world.db, id, 3);
  await makeQueueEntries(
    world.db,
    id,
    rows.map((row) => ({ row })),
  );
  const user = await makeUser(world.db);
  await makeMember(world.db, id, user.id, "annotator");
  const before = await queueContextFor(world, id, user);
  const [first, second] = (await claim(before, 2)).entries;
  await label(before, first, "a");
  const leadCtx = await queueContextFor(world, id, lead);
  await setProjectStatus(leadCtx, { projectId: id, status: "archived" });
  const ann = await queueContextFor(world, id, user);

  expect(await claim(ann, 3)).toMatchObject({ status: "paused", isArchived: true, entries: [] });
  const kept = await submitAnnotation(ann, labelOf(second, "b"));
  expect(kept).toMatchObject({ isLate: true, itemStatus: "resolved", progress: { mineTotal: 2 } });

  const archived = { code: "E_CONFLICT", details: { reason: "archived" } };
  const stranger = { ...labelOf(second, "b"), leaseToken: "00000000-0000-4000-8000-000000000000" };
  await expect(submitAnnotation(ann, stranger)).rejects.toMatchObject(archived);
  const undo = { submissionId: "00000000-0000-4000-8000-000000000001", tab: "t" };
  await expect(undoAnnotation(ann, undo)).rejects.toMatchObject(archived);
  await expect(flagItem(ann, { row: first.row, comment: "x" })).rejects.toMatchObject(archived);
  await expect(saveDraft(ann, { row: first.row, value: { choice: "a" } })).rejects.toMatchObject(archived);
  const manage = await queueContextFor(world, id, lead);
  const items = [{ content: { text: "new" } }];
  await expect(ingestItems(manage, { mode: "atomic", items })).rejects.toMatchObject(archived);
  await expect(requestRetrain(manage)).rejects.toMatchObject(archived);
  const { rows: counters } = await world.db.query(
    `select n_labels, label_seq, n_open_flags, n_items from label_counter join row_counter using (project_id)
      where project_id = $1`,
    [id],
  );
  expect(counters).toEqual([{ n_labels: 2, label_seq: 2, n_open_flags: 0, n_items: 3 }]);
});
