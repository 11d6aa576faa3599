import { expect, test } from "@playwright/test";
import { makeProject } from "./annotateProject";
import { downloadOf, labelItems, openPage } from "./leadProject";

test("labels leave as CSV by item and as JSON Lines by annotation", async ({ page, request }) => {
  const project = await makeProject(request);
  const rows = await labelItems(request, project, 3);
  await openPage(page, `/p/${project.slug}/export`);
  const download = () => downloadOf(page, () => page.getByRole("link", { name: "Download" }).click());

  const csv = await download();
  expect(csv.name).toMatch(/\.csv$/);
  const lines = csv.bytes.toString("utf8").trim().split(/\r?\n/);
  expect(lines).toHaveLength(61);
  expect(lines.find((line) => line.includes(`order ${1000 + rows[1]}?`))).toContain("complaint");

  await page.getByRole("radio", { name: /One row per annotation/ }).click();
  await page.getByRole("radio", { name: /JSON Lines/ }).click();
  const jsonl = await download();
  expect(jsonl.name).toMatch(/\.jsonl$/);
  const records = jsonl.bytes
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.map((record) => record.item_id)).toEqual(rows);
});
