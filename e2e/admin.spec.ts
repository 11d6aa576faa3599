import { expect, test } from "@playwright/test";
import { call } from "./annotateProject";
import { openPage } from "./leadProject";

const OLD_PASSWORD = "the first sentence";
const NEW_PASSWORD = "the second sentence";

test("a forgotten password is replaced by a link that an administrator makes, once", async ({
  page,
  request,
  browser,
}) => {
  const email = `forgetful-${process.pid}@example.org`;
  const { url } = await call<{ url: string }>(request, "invitation.create", {});
  const context = await browser.newContext({ storageState: undefined });
  const theirs = await context.newPage();
  await theirs.goto(new URL(url).pathname + new URL(url).search);
  await theirs.getByLabel("Your name").fill("Fay Forgetful");
  await theirs.getByLabel("Email").fill(email);
  await theirs.getByLabel("Password", { exact: true }).fill(OLD_PASSWORD);
  await theirs.getByRole("button", { name: "Join" }).click();
  await theirs.waitForURL((at) => at.pathname === "/");

  await openPage(page, "/admin");
  await page.getByRole("textbox", { name: "Search people" }).fill(email);
  await page.getByRole("row").filter({ hasText: email }).getByRole("button", { name: "Reset password" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make a link" }).click();
  const link = new URL(await page.getByLabel("Reset link").inputValue());
  await page.getByRole("dialog").getByRole("button", { name: "Done" }).click();

  const other = await (await browser.newContext({ storageState: undefined })).newPage();
  await other.goto(link.pathname + link.search);
  await expect(other.getByText(`Fay Forgetful (${email})`)).toBeVisible();
  await other.getByLabel("New password").fill("short");
  await other.getByRole("button", { name: "Set the password" }).click();
  await expect(other.getByText("Choose a password of 10 to 128 characters.")).toBeVisible();
  await other.getByLabel("New password").fill(NEW_PASSWORD);
  await other.getByRole("button", { name: "Set the password" }).click();
  await other.waitForURL((at) => at.pathname === "/");

  // The device that was signed in with the old password is signed out.
  await theirs.goto("/");
  await expect(theirs).toHaveURL(/\/sign-in/);
  await theirs.goto(link.pathname + link.search);
  await expect(theirs.getByText("This link does not work")).toBeVisible();
  await other.context().close();
  await context.close();

  await openPage(page, "/admin");
  await page.getByRole("tab", { name: "Audit log" }).click();
  await expect(page.getByRole("region", { name: "Audit log" })).toContainText("access.resetPassword");
});

test("an administrator decides who may make projects", async ({ page, request, browser }) => {
  const { url } = await call<{ url: string }>(request, "invitation.create", {});
  const context = await browser.newContext({ storageState: undefined });
  const theirs = await context.newPage();
  await theirs.goto(new URL(url).pathname + new URL(url).search);
  await theirs.getByLabel("Your name").fill("Mia Member");
  await theirs.getByLabel("Email").fill(`mia-${process.pid}@example.org`);
  await theirs.getByLabel("Password", { exact: true }).fill(OLD_PASSWORD);
  await theirs.getByRole("button", { name: "Join" }).click();
  await theirs.waitForURL((at) => at.pathname === "/");
  await expect(theirs.getByRole("link", { name: "New project" })).toHaveCount(0);
  await theirs.goto("/projects/new");
  await expect(theirs.getByText("Only administrators may make projects on this instance")).toBeVisible();

  await openPage(page, "/admin");
  await page.getByRole("tab", { name: "Instance" }).click();
  await page.getByRole("radio", { name: /Everyone with an account/ }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  await theirs.goto("/");
  await expect(theirs.getByRole("link", { name: "New project" }).first()).toBeVisible();

  await call(request, "project.setCreation", { who: "administrators" });
  await theirs.goto("/");
  await expect(theirs.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(theirs.getByRole("link", { name: "New project" })).toHaveCount(0);
  await context.close();
});
