import type { APIRequestContext } from "@playwright/test";
import { expect, test } from "@playwright/test";
import { expectNoAxeFindings, expectNoSidewaysScroll, PHONE } from "./annotateChecks";
import type { TestProject } from "./annotateProject";
import { call } from "./annotateProject";
import { openPage } from "./leadProject";

interface Rounds {
  rows: { strategy: string; nFallback: number; nPicked: number }[];
}

const ROUNDS = 3;
const LABELS_A_TURN = 30;

let tailor: TestProject;
let ldm: TestProject;

test.beforeAll(async ({ playwright, baseURL }) => {
  test.setTimeout(300_000);
  const request = await playwright.request.newContext({
    baseURL,
    storageState: "test-results/state/administrator.json",
  });
  tailor = await labelledDemo(request, "tailor");
  ldm = await labelledDemo(request, "ldm-s");
  await request.dispose();
});

/** A demonstration project that simulated annotators have labelled until its strategy has served several rounds. */
async function labelledDemo(request: APIRequestContext, strategyId: string): Promise<TestProject> {
  const input = { dataset: "sms-spam", strategyId, compareWithRandom: false };
  const { projects } = await call<{ projects: TestProject[] }>(request, "demo.create", input);
  const [project] = projects;
  const people = { annotators: 2, speed: "full", errorRate: 0, maxLabels: LABELS_A_TURN };
  const ownRounds = async () => {
    const { rows } = await call<Rounds>(request, "dashboard.rounds", { projectId: project.id }, "query");
    return rows.filter((round) => round.strategy === strategyId && round.nFallback === 0 && round.nPicked > 0).length;
  };
  // People at full speed label faster than models train: they take turns, and each turn has a model trained.
  for (let turn = 0; (await ownRounds()) < ROUNDS; turn++) {
    expect(turn, "turns of simulated annotators").toBeLessThan(10);
    const before = await ownRounds();
    const { jobRunId } = await call<{ jobRunId: string }>(request, "demo.simulate", {
      projectId: project.id,
      ...people,
    });
    await expect(async () => {
      const run = await call<{ state: string }>(request, "job.get", { projectId: project.id, id: jobRunId }, "query");
      expect(run.state).toBe("succeeded");
    }).toPass({ timeout: 40_000 });
    await expect
      .poll(ownRounds, { timeout: 25_000 })
      .toBeGreaterThan(before)
      .catch(() => undefined);
  }
  return project;
}

test("TAILOR's page shows belief, chances, classes and arms, as drawings and as numbers", async ({ page }) => {
  await openPage(page, `/p/${tailor.slug}/strategy?tab=tailor`);
  const belief = page.getByRole("figure", { name: "Belief: what each arm finds" });
  await expect(belief.locator("svg").last()).toBeVisible();
  await belief.getByRole("button", { name: /show the numbers/ }).click();
  await expect(belief.getByRole("columnheader", { name: "Lower (90 %)" })).toBeVisible();
  await expect(page.getByRole("figure", { name: "Probability of being the best arm" })).toBeVisible();
  await expect(page.getByRole("figure", { name: "Classes and what they are worth" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Arms" }).getByRole("row")).not.toHaveCount(1);
});

test("the belief can be forgotten, which stands in the audit log", async ({ page, request }) => {
  await openPage(page, `/p/${tailor.slug}/strategy?tab=tailor`);
  await page.getByRole("button", { name: "Forget the belief" }).click();
  await page.getByRole("button", { name: "Forget it" }).click();
  await expect(page.getByText("Saved. The queue is being filled again.").first()).toBeVisible();
  const stored = await call<{ strategy: { main: { options: { reset: number } } } }>(
    request,
    "project.get",
    { projectId: tailor.id },
    "query",
  );
  expect(stored.strategy.main.options.reset).toBe(1);
  const log = await call<{ rows: { action: string }[] }>(
    request,
    "auditLog.list",
    { projectId: tailor.id, limit: 20 },
    "query",
  );
  expect(log.rows.map(({ action }) => action)).toContain("project.updateStrategy");
});

test("LDM's page shows the scores of a round and the search", async ({ page }) => {
  await openPage(page, `/p/${ldm.slug}/strategy?tab=ldm`);
  await expect(
    page
      .getByRole("figure", { name: /Scores of round/ })
      .locator("svg")
      .last(),
  ).toBeVisible();
  await expect(page.getByRole("figure", { name: "Both ends of the score" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Nudges used" })).toBeVisible();
});

test("the strategy's picks stand beside random audits of the same rounds, with intervals", async ({
  page,
  request,
}) => {
  const input = { projectId: tailor.id };
  interface Comparison {
    nStrategy: number;
    nAudit: number;
    classes: { title: string; strategy: { value: number; lower: number; upper: number } | null }[];
    modelError: { strategy: { n: number } | null; audit: { n: number; value: number } | null };
  }
  const found = await call<Comparison>(request, "strategy.auditComparison", input, "query");
  expect(found.nStrategy).toBeGreaterThan(30);
  expect(found.nAudit).toBeGreaterThan(5);
  expect(found.modelError.strategy?.n).toBeGreaterThan(0);
  expect(found.modelError.audit?.n).toBeGreaterThan(0);
  const total = found.classes.reduce((sum, { strategy }) => sum + (strategy?.value ?? 0), 0);
  expect(total).toBeCloseTo(1, 6);
  await openPage(page, `/p/${tailor.slug}/strategy`);
  await expect(page.getByRole("figure", { name: "Labels of each class per 100" })).toBeVisible();
  await expect(page.getByText("Model contradicted on audits")).toBeVisible();
});

test("a draft is previewed before it is applied: twenty picks with reasons, and nothing in the queue", async ({
  page,
  request,
}) => {
  const generation = async () =>
    (await call<{ generation: number }>(request, "queue.status", { projectId: ldm.id }, "query")).generation;
  await openPage(page, `/p/${ldm.slug}/settings?tab=strategy`);
  const strategy = page.getByRole("combobox", { name: "Main strategy" });
  await strategy.click();
  await page.getByRole("combobox", { name: "Search strategies" }).fill("BADGE");
  await page.getByRole("option", { name: /^BADGE/ }).click();
  await expect(strategy).toHaveText(/^BADGE/);
  await expect(page.getByRole("region", { name: "On this project" })).toContainText("of one core");
  const before = await generation();
  await page.getByRole("button", { name: "Preview 20 picks" }).click();
  const picks = page.getByRole("region", { name: "First picks of the draft" });
  await expect(picks.getByRole("row")).toHaveCount(21, { timeout: 30_000 });
  await expect(picks).toContainText("Its answer would change the model");
  await expect(page.getByText(/20 picks, of which LDM-S/)).toBeVisible();
  expect(await generation()).toBe(before);
  await expectNoAxeFindings(page);
});

for (const [look, colorScheme, isPhone] of [
  ["on a desk, light", "light", false],
  ["on a phone, dark", "dark", true],
] as const) {
  test(`the strategy's pages have no findings of axe ${look}`, async ({ page }) => {
    test.setTimeout(120_000);
    await page.emulateMedia({ colorScheme });
    if (isPhone) await page.setViewportSize(PHONE);
    for (const path of [
      `/p/${tailor.slug}/strategy?tab=tailor`,
      `/p/${tailor.slug}/strategy?tab=audit`,
      `/p/${ldm.slug}/strategy?tab=ldm`,
    ]) {
      await test.step(path, async () => {
        await openPage(page, path);
        await expect(page.getByRole("figure").first()).toBeVisible();
        if (isPhone) await expectNoSidewaysScroll(page);
        await expectNoAxeFindings(page);
      });
    }
  });
}
