import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { benchIngestion } from "./benchIngestion";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
});
afterAll(() => context.cleanup());

const ROWS = 1_000;

test("the bench of imports, lists and exports, run small, takes and gives out every row", async () => {
  const figures = await benchIngestion(context, ROWS, 1);
  const { rows } = await context.db.query<{ n: number }>("select count(*)::int as n from item");
  expect(rows[0].n).toBe(ROWS);
  expect(JSON.stringify(figures)).not.toMatch(/null|"failed"|"refused"/);
  for (const one of Object.values(figures.exports)) expect(one.rowsPerSecond).toBeGreaterThan(0);
}, 180_000);
