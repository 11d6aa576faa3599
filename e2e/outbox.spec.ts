import { expect, test } from "@playwright/test";
import { expectNoAxeFindings } from "./annotateChecks";
import { allSent, answerWith, call, currentRow, history, makeProject, openLabelling } from "./annotateProject";
import { ADMINISTRATOR } from "./harness/administrator";

const SUBMIT = /\/api\/trpc\/[^?]*annotation\.submit/;

test("answers given without a network survive the closed tab and arrive once, in order", async ({
  page,
  request,
  context,
}) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  await context.setOffline(true);
  const rows = [await answerWith(page, "1"), await answerWith(page, "2"), await answerWith(page, "3")];
  await expect(page.locator("[data-unsent]")).toHaveAttribute("data-unsent", "3");
  expect(await history(request, project)).toEqual([]);
  await page.close();

  await context.setOffline(false);
  const again = await context.newPage();
  await openLabelling(again, project);
  await allSent(again);
  const kept = await history(request, project);
  expect(kept.map(({ row, value }) => [row, value?.choice])).toEqual([
    [rows[0], "question"],
    [rows[1], "complaint"],
    [rows[2], "praise"],
  ]);
  expect(rows).not.toContain(await currentRow(again));
});

test("answers wait while the server is unreachable, survive a reload, and go by themselves afterwards", async ({
  page,
  request,
}) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  await page.route(SUBMIT, (route) => route.abort());
  const rows = [await answerWith(page, "1"), await answerWith(page, "1")];
  await expect(page.locator("[data-unsent]")).toHaveAttribute("data-unsent", "2");
  await page.reload();
  await expect(page.locator("[data-unsent]")).toHaveAttribute("data-unsent", "2");
  await expect(page.locator("[data-current]")).toBeVisible();
  expect(rows).not.toContain(await currentRow(page));
  await page.unroute(SUBMIT);
  await allSent(page);
  expect((await history(request, project)).map(({ row }) => row)).toEqual(rows);
});

test("an answer whose acknowledgement was lost is sent again and counted once", async ({ page, request }) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  let lost = 0;
  await page.route(SUBMIT, async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    await route.abort();
  });
  const row = await answerWith(page, "4");
  await allSent(page);
  expect(lost).toBe(1);
  expect(await history(request, project)).toMatchObject([{ row, value: { choice: "other" } }]);
});

test("a refused answer is shown with the reason and both values, and nothing is lost", async ({ page, request }) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  const row = await answerWith(page, "1");
  await allSent(page);
  const [first] = await history(request, project);

  await page.route(SUBMIT, (route) =>
    route.fulfill({
      status: 409,
      contentType: "application/json",
      body: JSON.stringify([
        {
          error: {
            message: "refused",
            code: -32009,
            data: {
              code: "CONFLICT",
              httpStatus: 409,
              winnow: {
                code: "E_CONFLICT",
                message: `You have answered item ${row} already.`,
                details: { seq: first.seq },
                retryable: false,
              },
            },
          },
        },
      ]),
    }),
  );
  const refusedRow = await answerWith(page, "2");
  await expect(page.locator("[data-refused]")).toHaveAttribute("data-refused", "1");
  await page.locator("[data-refused]").click();
  const dialog = page.getByRole("dialog", { name: "Answers on their way" });
  await expect(dialog.getByText(`You have answered item ${row} already.`)).toBeVisible();
  await expect(dialog.getByText("Complaint", { exact: true })).toBeVisible();
  await expect(dialog.getByText("Question", { exact: true })).toBeVisible();
  await expectNoAxeFindings(page);

  await page.unroute(SUBMIT);
  await dialog.getByRole("button", { name: "Send again" }).click();
  await expect(page.locator("[data-refused]")).toHaveAttribute("data-refused", "0");
  await allSent(page);
  expect((await history(request, project)).map((line) => line.row)).toEqual([row, refusedRow]);
});

test("an ended session keeps the answers and goes on after signing in on the spot", async ({ browser, request }) => {
  const project = await makeProject(request);
  const context = await browser.newContext({ storageState: undefined });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(ADMINISTRATOR.email);
  await page.getByLabel("Password", { exact: true }).fill(ADMINISTRATOR.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname === "/");
  await openLabelling(page, project);

  await context.clearCookies();
  const row = await answerWith(page, "1");
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByText("1 answer is safe in this browser")).toBeVisible();
  await expectNoAxeFindings(page);
  await dialog.getByLabel("Password", { exact: true }).fill(ADMINISTRATOR.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(dialog).toBeHidden();
  await allSent(page);
  expect((await history(request, project)).map((line) => line.row)).toContain(row);
  await context.close();
});

test("what one tab could not send, another tab sends", async ({ page, request, context }) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  await page.route(SUBMIT, (route) => route.abort());
  const row = await answerWith(page, "1");
  await expect(page.locator("[data-unsent]")).toHaveAttribute("data-unsent", "1");
  const other = await context.newPage();
  await openLabelling(other, project);
  await allSent(other);
  await allSent(page);
  expect((await history(request, project)).map((line) => line.row)).toEqual([row]);
});

test("an answer that has not left is undone without a network", async ({ page, request, context }) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  await context.setOffline(true);
  await answerWith(page, "1");
  const second = await answerWith(page, "2");
  await page.keyboard.press("u");
  await expect.poll(() => currentRow(page)).toBe(second);
  await answerWith(page, "3");
  await context.setOffline(false);
  await allSent(page);
  const kept = await history(request, project);
  expect(kept.map(({ value, retracted }) => [value?.choice, retracted])).toEqual([
    ["question", false],
    ["praise", false],
  ]);
  await call(request, "project.get", { projectId: project.id }, "query");
});
