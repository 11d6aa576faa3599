import { expect, test } from "@playwright/test";
import { call, makeProject } from "./annotateProject";
import { openPage } from "./leadProject";

interface Stored {
  strategy: { main: { id: string; options: Record<string, unknown> }; auditShare: number; batchSize: number };
  trainerSpec: { id: string; options: Record<string, unknown> };
  suggestOnAudit: boolean;
}

test("another strategy is found by typing, takes its options, says what changes, and is stored", async ({
  page,
  request,
}) => {
  const project = await makeProject(request);
  const stored = () => call<Stored>(request, "project.get", { projectId: project.id }, "query");
  await openPage(page, `/p/${project.slug}/settings?tab=strategy`);
  const strategy = page.getByRole("combobox", { name: "Main strategy" });
  await strategy.click();
  await page.getByRole("combobox", { name: "Search strategies" }).fill("closest two groups");
  await page.getByRole("option", { name: /^Margin with k-means/ }).click();
  await expect(strategy).toHaveText("Margin with k-means");
  const candidates = page.getByRole("textbox", { name: "Candidates per pick" });
  await expect(candidates).toHaveValue("10");
  await candidates.fill("12");
  await candidates.press("Tab");
  const share = page.getByRole("textbox", { name: "Random-audit share" });
  await share.fill("25");
  await share.press("Tab");
  await expect(page.getByText("What changes")).toBeVisible();
  await expect(page.getByText("Main strategy: Margin → Margin with k-means")).toBeVisible();
  await page.getByRole("button", { name: "Apply and refill the queue" }).click();
  await expect(page.getByText("Saved. The queue is being filled again.")).toBeVisible();
  const saved = (await stored()).strategy;
  expect(saved.main).toMatchObject({ id: "margin-kmeans", options: { factor: 12 } });
  expect(saved.auditShare).toBe(0.25);

  await page.reload();
  await expect(strategy).toHaveText("Margin with k-means");
  await expect(candidates).toHaveValue("12");
  await expect(page.getByRole("button", { name: "Apply and refill the queue" })).toBeDisabled();
});

test("a trainer's options come from its registry with their defaults, and are kept", async ({ page, request }) => {
  const project = await makeProject(request);
  await openPage(page, `/p/${project.slug}/settings?tab=model`);
  const penalty = page.getByRole("textbox", { name: "L2 penalty" });
  await expect(penalty).not.toHaveValue("");
  await penalty.fill("0.05");
  await penalty.press("Tab");
  const card = page.locator("section").filter({ hasText: "Kind of model" }).last();
  await card.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  const { trainerSpec } = await call<Stored>(request, "project.get", { projectId: project.id }, "query");
  expect(trainerSpec.options.l2).toBe(0.05);
  await page.reload();
  await expect(page.getByRole("textbox", { name: "L2 penalty" })).toHaveValue("0.05");
});

test("suggestions on audit items are off until a lead switches them on", async ({ page, request }) => {
  const project = await makeProject(request);
  await openPage(page, `/p/${project.slug}/settings`);
  const box = page.getByRole("checkbox", { name: "On audit items too" });
  await expect(box).not.toBeChecked();
  await box.click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  const { suggestOnAudit } = await call<Stored>(request, "project.get", { projectId: project.id }, "query");
  expect(suggestOnAudit).toBe(true);
  await page.getByRole("tab", { name: "Audit log" }).click();
  await expect(page.getByRole("region", { name: "Audit log" })).toContainText("suggestOnAudit");
});

test("a person invited from the settings joins in another browser and stands among the members", async ({
  page,
  request,
  browser,
}) => {
  const project = await makeProject(request);
  await openPage(page, `/p/${project.slug}/settings?tab=people`);
  await page.getByRole("combobox", { name: "Role", exact: true }).click();
  await page.getByRole("option", { name: /^Reviewer/ }).click();
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = new URL(await page.getByLabel("Invitation link").inputValue());

  const context = await browser.newContext({ storageState: undefined });
  const theirs = await context.newPage();
  await theirs.goto(link.pathname + link.search);
  await theirs.getByLabel("Your name").fill("Rita Reviewer");
  await theirs.getByLabel("Email").fill(`rita-${project.id}@example.org`);
  await theirs.getByLabel("Password", { exact: true }).fill("a sentence is fine");
  await theirs.getByRole("button", { name: "Join" }).click();
  await theirs.waitForURL(new RegExp(`/p/${project.slug}`));
  await context.close();

  await page.reload();
  const members = page.getByRole("region", { name: "Members" });
  await expect(members).toContainText("Rita Reviewer");
  await expect(members.getByRole("combobox", { name: "Role of Rita Reviewer" })).toHaveText("Reviewer");
  await expect(page.getByRole("region", { name: "Open invitations" })).toHaveCount(0);
});

test("an API key is shown once, brings items in, and is refused once revoked", async ({ page, request }) => {
  const project = await makeProject(request);
  await openPage(page, `/p/${project.slug}/settings?tab=keys`);
  await page.getByLabel("Name").fill("nightly import");
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.getByRole("textbox", { name: "API key" }).inputValue();
  expect(key).toMatch(/^wnw_[A-Za-z0-9_-]{43}$/);

  const ingest = (externalId: string) =>
    fetch(new URL("/api/trpc/ingest.items", page.url()), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({
        projectId: project.id,
        items: [{ externalId, content: { text: `Sent as ${externalId}` } }],
      }),
    });
  expect((await ingest("by-key")).status).toBe(200);

  await page.reload();
  const keys = page.getByRole("region", { name: "API keys" });
  await expect(keys).toContainText("nightly import");
  await expect(keys).not.toContainText("never");
  expect(await page.content()).not.toContain(key);
  await keys.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await expect(keys.getByText("revoked")).toBeVisible();
  expect((await ingest("too-late")).status).toBe(401);
});
