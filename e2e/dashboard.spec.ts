import { expect, test } from "@playwright/test";
import { call, makeProject } from "./annotateProject";
import { claimItems, downloadOf, labelItems, makeTrainedProject, openDashboard } from "./leadProject";

test("labels, queue and model move on the open dashboard without a reload", async ({ page, request }) => {
  const project = await makeProject(request, {
    settings: { retrainPolicy: { everyLabels: 5, everySeconds: 5, minLabels: 8 } },
  });
  await openDashboard(page, project);
  await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  const labels = page.locator(`a[href="/p/${project.slug}/items?labelled=true"]`);
  await expect(labels).toHaveText("0");
  await labelItems(request, project, 12);
  await expect(labels).toHaveText("12");
  await expect(page.getByText("12 of 60 (20")).toBeVisible();
  await expect(page.locator(`a[href="/p/${project.slug}/models"]`).filter({ hasText: /^v\d+$/ })).toBeVisible({
    timeout: 40_000,
  });
  expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
  // Every number leads to its items.
  await labels.click();
  await expect(page.getByText("1–12 of 12")).toBeVisible();
});

test("a chart shows its numbers as a table and can be saved as CSV and PNG", async ({ page, request }) => {
  const project = await makeProject(request);
  await labelItems(request, project, 4);
  await openDashboard(page, project);
  await page.getByRole("button", { name: "Class balance: show the numbers" }).click();
  const numbers = page.getByRole("region", { name: "Class balance, numbers" });
  await expect(numbers.getByRole("row").filter({ hasText: "Complaint" })).toContainText("1");
  const csv = await downloadOf(page, () => page.getByRole("button", { name: "Class balance: save as CSV" }).click());
  expect(csv.name).toMatch(/\.csv$/);
  expect(csv.bytes.toString("utf8").split("\n").length).toBeGreaterThan(4);
  expect(csv.bytes.toString("utf8")).toContain("Complaint");
  await page.getByRole("button", { name: "Class balance: show the chart" }).click();
  const png = await downloadOf(page, () => page.getByRole("button", { name: "Class balance: save as PNG" }).click());
  expect(png.bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
  expect(png.bytes.length).toBeGreaterThan(2_000);
});

test("pause keeps items back, resume gives them again, release takes them back", async ({ page, request }) => {
  const project = await makeProject(request);
  await claimItems(request, project, 3);
  await openDashboard(page, project);
  await expect(page.getByText("3 items on screens now")).toBeVisible();
  await page.getByRole("button", { name: "Release leases" }).click();
  const asked = page.getByRole("alertdialog");
  await expect(asked).toContainText("3 items on annotators' screens go back to the queue.");
  await asked.getByRole("button", { name: "Release leases" }).click();
  await expect(page.getByText("0 items on screens now")).toBeVisible();

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Pause" }).click();
  await expect(page.getByRole("button", { name: "Resume" })).toBeVisible();
  const claim = { projectId: project.id, tab: "other", n: 1 };
  expect(await call<{ status: string }>(request, "queue.claim", claim)).toMatchObject({ status: "paused" });
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  expect(await call<{ status: string }>(request, "queue.claim", claim)).toMatchObject({ status: "ok" });
});

test("retraining on demand makes a new version that the dashboard shows", async ({ page, request }) => {
  const project = await makeTrainedProject(request);
  await call(request, "project.update", {
    projectId: project.id,
    retrainPolicy: { everyLabels: 5, everySeconds: 5, minLabels: 8, automatic: false },
  });
  await labelItems(request, project, 3);
  await openDashboard(page, project);
  const version = page.locator(`a[href="/p/${project.slug}/models"]`).filter({ hasText: /^v\d+$/ });
  const before = Number((await version.innerText()).slice(1));
  await page.getByRole("button", { name: "Retrain now" }).click();
  await expect(page.getByText("Training is queued.")).toBeVisible();
  await expect
    .poll(async () => Number((await version.innerText()).slice(1)), { timeout: 40_000 })
    .toBeGreaterThan(before);
});
