import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAnnotations, makeItems, makeProject, makeQueueEntries } from "./factories";
import type { TestContext } from "./testContext";
import { createTestContext } from "./testContext";

let a: TestContext;
let b: TestContext;

beforeAll(async () => {
  a = await createTestContext();
  b = await createTestContext();
});
afterAll(async () => {
  await a.cleanup();
  await b.cleanup();
});

describe("the test harness", () => {
  test("gives each context a database of its own", async () => {
    await makeProject(a.db, { name: "only in a" });
    const { rows } = await b.db.query("select count(*)::int as n from project");
    expect(rows).toEqual([{ n: 0 }]);
  });

  test("makes projects, items, entries and annotations that the schema accepts and counts", async () => {
    const project = await makeProject(a.db, { labels: ["cat", "dog"] });
    const rows = await makeItems(a.db, project.id, 3);
    expect(rows).toEqual([0, 1, 2]);
    expect(await makeItems(a.db, project.id, [{ content: { text: "more" }, truth: { choice: "cat" } }])).toEqual([3]);
    const ids = await makeQueueEntries(a.db, project.id, [2, { row: 0, purpose: "audit" }]);
    expect(ids).toHaveLength(2);
    const seqs = await makeAnnotations(a.db, project.id, [
      { row: 0, label: "cat", annotatorId: project.lead.id, purpose: "audit" },
      { row: 1, label: "dog", annotatorId: project.lead.id },
      { row: 2, kind: "skip", annotatorId: project.lead.id },
    ]);
    expect(seqs).toEqual([1, 2, 3]);
    const counter = await a.db.query("select * from label_counter where project_id = $1", [project.id]);
    expect(counter.rows[0]).toMatchObject({ label_seq: 3, n_labels: 2, n_skips: 1, n_audit_labels: 1 });
  });

  test("stores blobs in a folder of its own and moves time only when asked", async () => {
    const { key } = await a.storage.putContent(new TextEncoder().encode("bytes"));
    expect(await b.storage.stat(key)).toBeUndefined();
    const before = a.clock.now();
    a.clock.advanceSeconds(90);
    expect(a.clock.now().getTime() - before.getTime()).toBe(90_000);
  });
});
