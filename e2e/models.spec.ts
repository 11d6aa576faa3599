import { expect, test } from "@playwright/test";
import { call } from "./annotateProject";
import { labelItems, makeTrainedProject, modelsReady, openPage } from "./leadProject";

test("an older version is rolled back to, stays in use, and is let go again", async ({ page, request }) => {
  const project = await makeTrainedProject(request);
  await labelItems(request, project, 8);
  await modelsReady(request, project, 2);
  const active = async () =>
    (await call<{ activeModelVersion: number }>(request, "project.get", { projectId: project.id }, "query"))
      .activeModelVersion;
  await openPage(page, `/p/${project.slug}/models`);
  const table = page.getByRole("region", { name: "Model versions" });
  await table.getByRole("button", { name: "Roll back to version 1", exact: true }).click();
  const asked = page.getByRole("alertdialog");
  await expect(asked).toContainText("no label is lost");
  await asked.getByRole("button", { name: "Roll back" }).click();
  await expect(page.getByText("Version 1 is pinned")).toBeVisible();
  await expect(table.getByText("In use, pinned")).toBeVisible();
  expect(await active()).toBe(1);

  await table.getByRole("button", { name: "Details of version 1", exact: true }).click();
  await expect(page.getByRole("dialog")).toContainText("Data hash");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Unpin" }).click();
  await expect(page.getByText("Version 1 is pinned")).toHaveCount(0);
  expect(await active()).toBeGreaterThan(1);
});
