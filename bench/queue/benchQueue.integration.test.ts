import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { findViolations } from "@/test/simulation/invariants";
import { benchQueue } from "./benchQueue";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

test("the bench of the queue, run small, measures labels that keep every promise", async () => {
  const figures = await benchQueue(context.db, context.storage, {
    items: 6_000,
    entries: 2_500,
    people: 6,
    history: 200,
    seconds: 0.5,
    warmUpSeconds: 0,
    thinkMs: 5,
  });
  for (const phase of [figures.paced, figures.hot]) {
    expect(phase.claim.n).toBeGreaterThanOrEqual(phase.submit.n);
    expect(phase.submit.n).toBeGreaterThan(5);
    expect(phase.claim.p99).toBeGreaterThanOrEqual(phase.claim.p50);
  }
  expect(figures.refill.superseded).toBeGreaterThan(0);
  expect(figures.refill.written).toBeLessThanOrEqual(figures.refill.picks);
  const { rows } = await context.db.query<{ id: number }>("select id from project");
  // The past is made up without personal totals; all that the bench itself did must be right.
  const violations = await findViolations(context.db, { projectId: rows[0].id });
  expect(violations.filter((v) => !/^user-.*: n_(labels|skips)/.test(v))).toEqual([]);
});
