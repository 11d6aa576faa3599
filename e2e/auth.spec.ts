import { expect, test } from "@playwright/test";
import { expectNoAxeFindings, expectNoSidewaysScroll, PHONE, THEMES } from "./annotateChecks";
import { call, makeProject } from "./annotateProject";
import { ADMINISTRATOR } from "./harness/administrator";

test("a person joins by an invitation, lands in the project and sees only what an annotator may", async ({
  browser,
  request,
}) => {
  const project = await makeProject(request);
  const { url } = await call<{ url: string }>(request, "invitation.create", {
    projectId: project.id,
    projectRole: "annotator",
  });
  const context = await browser.newContext({ storageState: undefined });
  const page = await context.newPage();
  await page.goto(new URL(url).pathname + new URL(url).search);
  await expect(page.getByText("You are invited as an annotator")).toBeVisible();
  await page.getByLabel("Your name").fill("Noor");
  await page.getByLabel("Email").fill(`noor-${project.id}@example.org`);
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByText("Choose a password of 10 to 128 characters.")).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill("a sentence is fine");
  await page.getByRole("button", { name: "Join" }).click();
  await page.waitForURL(new RegExp(`/p/${project.slug}/label$`));
  await expect(page.locator("[data-current]")).toBeVisible({ timeout: 20_000 });

  await page.goto("/");
  await expect(page.getByRole("link", { name: "Dashboard" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "New project" })).toHaveCount(0);

  await page.goto(new URL(url).pathname + new URL(url).search);
  await expect(page.getByText("This invitation does not work")).toBeVisible();
  await context.close();
});

test("signing out and in again comes back to the page one wanted", async ({ browser }) => {
  const context = await browser.newContext({ storageState: undefined });
  const page = await context.newPage();
  await page.goto("/projects/new");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("Email").fill(ADMINISTRATOR.email);
  await page.getByLabel("Password", { exact: true }).fill("wrong password here");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("The email or the password is wrong.")).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill(ADMINISTRATOR.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/projects\/new$/);
  await page.getByRole("button", { name: "Account and theme" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in$/);
  await page.goto("/");
  await expect(page).toHaveURL(/\/sign-in/);
  await context.close();
});

test("the chosen theme is in the first byte of the next page", async ({ page, request }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Account and theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(async () => {
    const cookies = await page.context().cookies();
    expect(cookies.find(({ name }) => name === "winnow-theme")?.value).toBe("dark");
  }).toPass();
  const html = await (await page.request.get("/")).text();
  expect(html).toMatch(/<html[^>]*data-theme="dark"/);
  expect(await (await request.get("/sign-in")).text()).not.toMatch(/<html[^>]*data-theme/);
});

test("pages that do not exist or belong to others say the same", async ({ page }) => {
  await page.goto("/p/no-such-project");
  await expect(page.getByText("There is nothing here")).toBeVisible();
  await page.goto("/join?token=abc");
  await expect(page.getByText("This invitation does not work")).toBeVisible();
});

for (const theme of THEMES) {
  test(`the pages before and around the projects have no findings of axe, ${theme}`, async ({ page, browser }) => {
    await page.emulateMedia({ colorScheme: theme });
    for (const path of ["/", "/projects/new", "/join?token=abc"]) {
      await page.goto(path);
      await expect(page.getByRole("status", { name: /Loading/ })).toHaveCount(0);
      await expectNoAxeFindings(page);
    }
    await page.goto("/");
    await page.getByRole("button", { name: "Create this project" }).first().click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await expectNoAxeFindings(page);

    const context = await browser.newContext({ storageState: undefined, colorScheme: theme });
    const stranger = await context.newPage();
    for (const path of ["/sign-in", "/setup?token=abc"]) {
      await stranger.goto(path);
      await expectNoAxeFindings(stranger);
    }
    await context.close();
  });
}

test("no page scrolls sideways on a phone", async ({ page }) => {
  await page.setViewportSize(PHONE);
  for (const path of ["/", "/projects/new", "/join?token=abc"]) {
    await page.goto(path);
    await expect(page.getByRole("status", { name: /Loading/ })).toHaveCount(0);
    await expectNoSidewaysScroll(page);
    await expectNoAxeFindings(page);
  }
});
