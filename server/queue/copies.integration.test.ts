import { afterAll, beforeAll, expect, test } from "vitest";
import { makeMember, makeProject, makeQueueEntries, makeUser } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { claim, label, queueContextFor } from "@/test/simulation/queueContextFor";
import type { Actor } from "../auth";
import { readOverview } from "../dashboards";
import { writeExport } from "../exporting";
import { ingestItems } from "../ingestion";
import { loadProject } from "../projects";
import { readProgress } from ".";

let world: TestContext;
beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());

async function makeCopies(items: { content: { text: string }; label?: string }[]) {
  const made = await makeProject(world.db, { labels: ["a", "b"] });
  const ann = await makeUser(world.db);
  await makeMember(world.db, made.id, ann.id, "annotator");
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  const { db, clock, storage } = world;
  const ctx = { db, clock, storage, actor, project: await loadProject(db, made.id) };
  await ingestItems(ctx, { mode: "atomic", items });
  return { ctx, id: made.id, ann: await queueContextFor(world, made.id, ann), userId: ann.id };
}

const texts = (...list: string[]) => list.map((text) => ({ content: { text } }));

test("a project whose originals are labelled is finished, and its copies carry the label out", async () => {
  const { ctx, id, ann, userId } = await makeCopies(texts("same", "same", "other", "same", "same"));
  await makeQueueEntries(world.db, id, [{ row: 0 }, { row: 2 }]);
  const [first, second] = (await claim(ann, 5)).entries;
  await label(ann, first, "a");
  const { progress } = await label(ann, second, "b");
  expect(progress).toMatchObject({ projectResolved: 2, projectItems: 2, mineTotal: 2 });
  expect(await readProgress(world.db, id, userId, "2026-01-01")).toMatchObject({ projectResolved: 2, projectItems: 2 });

  const idle = await claim(ann, 5);
  expect(idle).toMatchObject({ status: "empty", waiting: { itemsLeft: 0 } });
  const overview = await readOverview(world, id);
  expect(overview).toMatchObject({ nItems: 2, nResolved: 2, nDuplicates: 3, hoursLeft: 0, warnings: [] });

  const { parts } = await writeExport(ctx, { what: "items", format: "jsonl", isRaw: false });
  let text = "";
  for await (const part of parts) text += part;
  const records = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.map((r) => [r.row, r.label, r.status, r.duplicate_of, r.label_inherited, r.n_labels])).toEqual([
    [0, "a", "resolved", null, false, 1],
    [1, "a", "resolved", 0, true, 0],
    [2, "b", "resolved", null, false, 1],
    [3, "a", "resolved", 0, true, 0],
    [4, "a", "resolved", 0, true, 0],
  ]);
});

test("a copy that came with a label of its own neither finishes its original nor loses that label", async () => {
  const { id, ctx } = await makeCopies([...texts("same", "other"), { content: { text: "same" }, label: "b" }]);
  expect(await readOverview(world, id)).toMatchObject({ nItems: 2, nResolved: 0, nDuplicates: 1, nLabels: 1 });
  const { parts } = await writeExport(ctx, { what: "items", format: "jsonl", isRaw: false });
  let text = "";
  for await (const part of parts) text += part;
  expect(JSON.parse(text.trimEnd().split("\n")[2])).toMatchObject({ label: "b", label_inherited: false });
});
