import { expect, test } from "@playwright/test";
import { expectNoAxeFindings, expectNoSidewaysScroll, PHONE } from "./annotateChecks";
import type { TestProject } from "./annotateProject";
import { makeTrainedProject, openPage } from "./leadProject";

const PROJECT_PAGES = ["", "/items", "/items/0", "/import", "/export", "/rounds", "/models", "/annotators", "/jobs"];
const SETTINGS = ["general", "labels", "guidelines", "strategy", "model", "people", "keys", "log", "danger"];

let project: TestProject;
test.beforeAll(async ({ playwright, baseURL }) => {
  const request = await playwright.request.newContext({
    baseURL,
    storageState: "test-results/state/administrator.json",
  });
  project = await makeTrainedProject(request);
  await request.dispose();
});

const paths = (): string[] => [
  ...PROJECT_PAGES.map((path) => `/p/${project.slug}${path}`),
  ...SETTINGS.map((tab) => `/p/${project.slug}/settings?tab=${tab}`),
  "/admin",
];

test("the lead's pages have no findings of axe on a desk, light", async ({ page }) => {
  test.setTimeout(120_000);
  await page.emulateMedia({ colorScheme: "light" });
  for (const path of paths()) {
    await test.step(path, async () => {
      await openPage(page, path);
      await expectNoAxeFindings(page);
    });
  }
});

test("the lead's pages have none on a phone either, dark, and do not scroll sideways", async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: "dark" });
  for (const path of paths()) {
    await test.step(path, async () => {
      await openPage(page, path);
      await expectNoSidewaysScroll(page);
      await expectNoAxeFindings(page);
    });
  }
});

test("the open tab of the settings is in view on a phone", async ({ page }) => {
  await page.setViewportSize(PHONE);
  await openPage(page, `/p/${project.slug}/settings?tab=keys`);
  await expect(page.getByRole("tab", { name: "API keys" })).toBeInViewport({ ratio: 1 });
});
