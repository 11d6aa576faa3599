import { expect, test } from "@playwright/test";
import { call, makeProject } from "./annotateProject";
import { labelItems, openPage } from "./leadProject";

test("search, filters and order stand in the address, and the back button takes them off", async ({
  page,
  request,
}) => {
  const project = await makeProject(request);
  const [labelled] = await labelItems(request, project, 4);
  await openPage(page, `/p/${project.slug}/items`);
  await expect(page.getByText("1–50 of 60")).toBeVisible();

  await page.getByRole("textbox", { name: "Search the content of items" }).fill("1042");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByText("1–1 of 1")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole("link", { name: /order 1042/ })).toBeVisible();
  await page.goBack();
  await expect(page.getByText("1–50 of 60")).toBeVisible();

  const status = page.getByRole("button", { name: "Status", exact: true });
  await expect(status).toHaveCount(1);
  await status.click();
  await page.getByRole("menuitemcheckbox", { name: "Resolved" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByText("1–4 of 4")).toBeVisible();
  await expect(page).toHaveURL(/status=resolved/);
  await page.getByRole("button", { name: "Label", exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: "Question" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByText("1–1 of 1")).toBeVisible();
  await expect(page.getByRole("checkbox", { name: `Choose item ${labelled}` })).toBeVisible();

  await page.getByRole("link", { name: /order/ }).click();
  await expect(page.getByRole("heading", { name: `Item ${labelled}` })).toBeVisible();
  // Back to the list as it was left.
  await page.getByRole("main").getByRole("link", { name: "Items" }).click();
  await expect(page.getByText("1–1 of 1")).toBeVisible();
  await page.getByRole("button", { name: "Clear all" }).click();
  await expect(page.getByText("1–50 of 60")).toBeVisible();

  await page.getByRole("combobox", { name: "Order" }).click();
  await page.getByRole("option", { name: "Newest first" }).click();
  await expect(page.getByRole("checkbox", { name: "Choose item 59" })).toBeVisible();
});

test("pages turn forward and back, also by the browser's button", async ({ page, request }) => {
  const project = await makeProject(request);
  await openPage(page, `/p/${project.slug}/items`);
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("51–60 of 60")).toBeVisible();
  await page.goBack();
  await expect(page.getByText("1–50 of 60")).toBeVisible();
  await page.goForward();
  await expect(page.getByText("51–60 of 60")).toBeVisible();
  await page.getByRole("button", { name: "Previous" }).click();
  await expect(page.getByText("1–50 of 60")).toBeVisible();
});

test("chosen items are put aside and taken back, in the list and on their own page", async ({ page, request }) => {
  const project = await makeProject(request);
  const statusOf = async (row: number) =>
    (await call<{ status: string }>(request, "item.get", { projectId: project.id, row }, "query")).status;
  await openPage(page, `/p/${project.slug}/items`);
  await page.getByRole("checkbox", { name: "Choose item 3", exact: true }).click();
  await page.getByRole("checkbox", { name: "Choose item 4", exact: true }).click();
  await expect(page.getByText("2 items chosen")).toBeVisible();
  await page.getByRole("button", { name: "Exclude" }).click();
  await expect(page.getByText("2 items excluded.")).toBeVisible();
  expect([await statusOf(3), await statusOf(4), await statusOf(5)]).toEqual(["excluded", "excluded", "open"]);

  await page.getByRole("link", { name: /order 1003/ }).click();
  await expect(page.getByRole("heading", { name: "Item 3" })).toBeVisible();
  await expect(page.getByText("Excluded", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Take back" }).click();
  await expect(page.getByText("Open", { exact: true })).toBeVisible();
  expect(await statusOf(3)).toBe("open");
});
