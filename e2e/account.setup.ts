import { expect, test } from "@playwright/test";
import { ADMINISTRATOR, ADMINISTRATOR_STATE, setupUrl } from "./harness/administrator";

test("the one-time link makes the first administrator, and works once", async ({ page, browser }) => {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));

  await page.goto(setupUrl());
  await page.getByLabel("Your name").fill(ADMINISTRATOR.name);
  await page.getByLabel("Email").fill(ADMINISTRATOR.email);
  await page.getByLabel("Password", { exact: true }).fill(ADMINISTRATOR.password);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.waitForURL((url) => url.pathname === "/");
  await page.context().storageState({ path: ADMINISTRATOR_STATE });

  // A content security policy that blocks anything of ours complains here.
  expect(complaints).toEqual([]);

  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(setupUrl());
  await expect(stranger.getByText("Already set up")).toBeVisible();
});

test("a visitor who is not signed in is asked to sign in", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel("Email").fill(ADMINISTRATOR.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page).toHaveURL(/\/sign-in/);
});
