import { expect, test } from "@playwright/test";
import { call, makeProject } from "./annotateProject";
import { downloadOf, openPage } from "./leadProject";

const FILE = [
  "key,message,answer,country",
  'a1,"Where is my parcel, please?",Question,NL',
  "a2,,Question,BE",
  "a3,This is the third time it breaks,Complaint,DE",
  "a4,What a lovely shop,Nonsense,FR",
].join("\n");

test("a CSV with bad rows: columns are matched, good rows become items, refused ones can be downloaded", async ({
  page,
  request,
}) => {
  const project = await makeProject(request);
  await openPage(page, `/p/${project.slug}/import`);
  await page
    .getByLabel("Choose a file")
    .setInputFiles({ name: "mail.csv", mimeType: "text/csv", buffer: Buffer.from(FILE) });
  await expect(page.getByRole("heading", { name: "mail.csv" })).toBeVisible();
  await expect(page.getByRole("region", { name: "First rows of the file" })).toContainText("third time");

  const choose = async (field: string, column: string) => {
    await page.getByRole("combobox", { name: field }).click();
    await page.getByRole("option", { name: column, exact: true }).click();
    await expect(page.getByRole("listbox")).toHaveCount(0);
  };
  await choose("Text", "message");
  await choose("Your own id", "key");
  await choose("Existing label", "answer");
  await page.getByRole("checkbox", { name: "country" }).check();
  await page.getByRole("button", { name: "Start the import" }).click();

  await expect(page.getByText("Done, some rows refused")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("link", { name: "2 new items" })).toBeVisible();
  await expect(page.getByText("2 rows refused")).toBeVisible();
  await page.getByRole("button", { name: "Refused rows" }).click();
  const dialog = page.getByRole("dialog", { name: "Refused rows" });
  await expect(dialog.getByRole("row")).toHaveCount(3);
  await expect(dialog).toContainText("Nonsense");
  const { bytes, name } = await downloadOf(page, () => dialog.getByRole("link", { name: "Download as CSV" }).click());
  expect(name).toMatch(/\.csv$/);
  expect(bytes.toString("utf8")).toContain("Nonsense");
  await page.keyboard.press("Escape");

  await page.getByRole("link", { name: "2 new items" }).click();
  await expect(page.getByText("1–2 of 2")).toBeVisible();
  await page.getByRole("link", { name: /third time/ }).click();
  await expect(page.getByText("Complaint").first()).toBeVisible();
  await expect(page.getByText("country")).toBeVisible();
});

test("an import that runs is cancelled from its line, and says how far it came", async ({ page, request }) => {
  const project = await makeProject(request);
  const rows = Array.from({ length: 200_000 }, (_, i) => `k${i},Message number ${i} about something`);
  await openPage(page, `/p/${project.slug}/import`);
  await page.getByLabel("Choose a file").setInputFiles({
    name: "many.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`id,text\n${rows.join("\n")}\n`),
  });
  await page.getByRole("button", { name: "Start the import" }).click();
  await page.getByRole("button", { name: "Cancel", exact: true }).click({ timeout: 20_000 });
  await expect(page.getByText("Cancelled", { exact: true })).toBeVisible({ timeout: 30_000 });
  const list = { projectId: project.id, number: 1 };
  const run = await call<{ state: string; nInserted: number }>(request, "imports.get", list, "query");
  expect(run.state).toBe("cancelled");
  expect(run.nInserted).toBeLessThan(200_000);
});

test("a file that is none of the formats is refused in words", async ({ page, request }) => {
  const project = await makeProject(request);
  await openPage(page, `/p/${project.slug}/import`);
  await page
    .getByLabel("Choose a file")
    .setInputFiles({ name: "photo.csv", mimeType: "text/csv", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]) });
  await expect(
    page
      .getByRole("alert")
      .or(page.getByText(/cannot be read/))
      .first(),
  ).toBeVisible();
  await expect(page.getByRole("list").filter({ hasText: "photo.csv" })).toHaveCount(0);
});
