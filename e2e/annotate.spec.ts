import { expect, test } from "@playwright/test";
import { expectNoAxeFindings, expectNoSidewaysScroll, PHONE, THEMES } from "./annotateChecks";
import { allSent, answerWith, call, currentRow, history, makeProject, openLabelling } from "./annotateProject";

test("a lead makes a project in the browser, and key conflicts are named before it is saved", async ({ page }) => {
  await page.goto("/projects/new");
  await page.getByLabel("Name", { exact: true }).fill("Support mail");
  await page.getByRole("button", { name: "Remove Yes" }).click();
  await page.getByRole("button", { name: "Remove No" }).click();
  await page.getByRole("button", { name: "Paste many" }).click();
  await page.getByLabel(/One label per line/).fill("Question | Wants to know\nComplaint\nPraise\nquestion");
  await expect(page.getByText("1 are there already")).toBeVisible();
  await page.getByRole("button", { name: "Add 3 labels" }).click();

  await page.getByLabel("Key of Question").fill("s");
  await expect(page.getByText('key "s" is taken by the screen')).toBeVisible();
  await page.getByRole("button", { name: "Create the project" }).click();
  await expect(page.getByText("Something above is not complete.")).toBeVisible();
  await page.getByLabel("Key of Question").fill("q");
  await page.getByLabel("Key of Complaint").fill("q");
  await expect(page.getByText('key "q" is used twice')).toBeVisible();
  await page.getByLabel("Key of Complaint").fill("c");
  await page.getByRole("button", { name: "Create the project" }).click();
  await page.waitForURL(/\/p\/support-mail\/import/);
});

test("twenty items by keyboard alone, with undo, skip and flag, arrive as they were given", async ({
  page,
  request,
}) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  const given: { row: number; choice: string }[] = [];
  const choices = ["question", "complaint", "praise", "other"];
  for (let i = 0; i < 20; i++) {
    const row = await answerWith(page, String((i % 4) + 1));
    given.push({ row, choice: choices[i % 4] });
  }
  await allSent(page);
  const kept = await history(request, project);
  expect(kept.map(({ row, value }) => ({ row, choice: value?.choice }))).toEqual(given);
  expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));

  // Undo opens the last item again with its answer marked; Enter would keep it, another key changes it.
  await page.keyboard.press("Control+z");
  await expect.poll(() => currentRow(page)).toBe(given[19].row);
  await expect(page.locator("[data-current]").getByRole("button", { name: "Other" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await page.keyboard.press("u");
  await expect.poll(() => currentRow(page)).toBe(given[18].row);
  await answerWith(page, "1");
  await expect.poll(() => currentRow(page)).toBe(given[19].row);
  await answerWith(page, "Enter");
  await allSent(page);

  await page.keyboard.press("s");
  await expect(page.getByRole("dialog", { name: "Skip this item" })).toBeVisible();
  const skipped = await currentRow(page);
  await page.keyboard.press("3");
  await expect.poll(() => currentRow(page)).not.toBe(skipped);

  await page.keyboard.press("f");
  const flagged = await currentRow(page);
  await page.getByLabel("Comment").fill("1 2 s f u: keys stay in the field");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByText("Flagged. The lead sees your comment.")).toBeVisible();
  expect(await currentRow(page)).toBe(flagged);
  await allSent(page);

  const standing = (await history(request, project)).filter(({ retracted }) => !retracted);
  const choiceOf = new Map(standing.map(({ row, value }) => [row, value?.choice ?? null]));
  expect(choiceOf.get(given[18].row)).toBe("question");
  expect(choiceOf.get(given[19].row)).toBe("other");
  expect(standing.find(({ row }) => row === skipped)?.kind).toBe("skip");
  expect(standing).toHaveLength(21);
  const flags = await call<{ rows: { row: number; comment: string }[] }>(
    request,
    "annotation.flags",
    { projectId: project.id },
    "query",
  );
  expect(flags.rows).toMatchObject([{ row: flagged, comment: "1 2 s f u: keys stay in the field" }]);
});

test("undo reaches ten answers back, and answers from before a reload", async ({ page, request }) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  const rows: number[] = [];
  for (let i = 0; i < 12; i++) rows.push(await answerWith(page, "1"));
  await allSent(page);
  await page.reload();
  await expect(page.locator("[data-current]")).toBeVisible();
  for (let i = 0; i < 10; i++) {
    await page.keyboard.press("Backspace");
    await expect.poll(() => currentRow(page)).toBe(rows[11 - i]);
  }
  await page.keyboard.press("Backspace");
  await expect(page.getByText("Nothing was undone").first()).toBeVisible();
  await expectNoAxeFindings(page);
  const standing = (await history(request, project)).filter(({ retracted }) => !retracted);
  expect(standing.map(({ row }) => row)).toEqual(rows.slice(0, 2));
});

test("a reloaded tab finds its own items, and a second tab gets others", async ({ page, request, context }) => {
  const project = await makeProject(request, { nItems: 20 });
  await openLabelling(page, project);
  const first = await currentRow(page);
  await page.reload();
  await expect(page.locator("[data-current]")).toBeVisible();
  expect(await currentRow(page)).toBe(first);

  const second = await context.newPage();
  await openLabelling(second, project);
  const seen = new Set<number>();
  for (let i = 0; i < 8; i++) {
    seen.add(await answerWith(page, "1"));
    seen.add(await answerWith(second, "2"));
  }
  expect(seen.size).toBe(16);
});

test("digits are places and letters are signs on other keyboards, and a held key answers once", async ({
  page,
  request,
}) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  const press = (init: { key: string; code: string; repeat?: boolean }) =>
    page.evaluate(
      (event) => void window.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, ...event })),
      init,
    );

  // AZERTY: the key of "2" types "é".
  let row = await currentRow(page);
  await press({ key: "é", code: "Digit2" });
  await expect.poll(() => currentRow(page)).not.toBe(row);
  // A finger that rests on the key.
  row = await currentRow(page);
  await press({ key: "1", code: "Digit1" });
  for (let i = 0; i < 5; i++) await press({ key: "1", code: "Digit1", repeat: true });
  await expect.poll(() => currentRow(page)).not.toBe(row);
  // Cyrillic: the place of "s" types "ы".
  await press({ key: "ы", code: "KeyS" });
  await expect(page.getByRole("dialog", { name: "Skip this item" })).toBeVisible();
  await page.keyboard.press("Escape");
  await allSent(page);
  expect((await history(request, project)).map(({ value }) => value?.choice)).toEqual(["complaint", "question"]);
});

test("one label of seventy-seven is found by typing", async ({ page, request }) => {
  const project = await makeProject(request, { nLabels: 77 });
  await openLabelling(page, project);
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox", { name: "Search 77 labels" })).toBeFocused();
  await page.keyboard.type("number 7");
  await page.keyboard.press("ArrowDown");
  const row = await currentRow(page);
  await page.keyboard.press("Enter");
  await expect.poll(() => currentRow(page)).not.toBe(row);
  await page.keyboard.press("Shift+2");
  await expect.poll(() => currentRow(page)).not.toBe(row);
  await allSent(page);
  const kept = await history(request, project);
  expect(kept[0].value?.choice).toBe("topic_number_70");
  // Five digits belong to the suggestions; 6–0 are the first five labels, then Shift with a digit.
  expect(kept[1].value?.choice).toBe("topic_number_7");
  await expectNoAxeFindings(page);
});

test("a suggestion is accepted with Enter, and hidden ones are uncovered by the first answer", async ({
  page,
  request,
}) => {
  test.setTimeout(180_000);
  const project = await makeProject(request, { nItems: 120 });
  const { id: projectId } = project;
  await openLabelling(page, project);
  for (let i = 0; i < 30; i++) await answerWith(page, String((i % 2) + 1));
  await allSent(page);
  await expect(async () => {
    const models = await call<{ rows: { state: string }[] }>(request, "model.list", { projectId }, "query");
    expect(models.rows.some(({ state }) => state === "ready")).toBe(true);
  }).toPass({ timeout: 90_000 });

  await page.reload();
  const suggested = page.locator("[data-current]").getByRole("button", { name: /suggested/ });
  await expect(suggested).toBeVisible({ timeout: 20_000 });
  await expect(suggested).toHaveText(/\d %/);
  const accepted = await answerWith(page, "Enter");
  await allSent(page);

  await call(request, "project.update", { projectId, suggestionPolicy: "afterFirstAnswer" });
  await page.reload();
  await expect(page.locator("[data-current]")).toBeVisible();
  await expect(suggested).toHaveCount(0);
  const second = await currentRow(page);
  // Nobody has ever answered "Praise": the suggestion cannot be that.
  await page.keyboard.press("3");
  await expect(page.getByText(/The model suggests Question|The model suggests Complaint/)).toBeVisible();
  expect(await currentRow(page)).toBe(second);
  await answerWith(page, "3");
  await allSent(page);

  const shown = async (row: number) => {
    const item = await call<{ annotations: Record<string, unknown>[] }>(
      request,
      "item.get",
      { projectId, row },
      "query",
    );
    return item.annotations[0];
  };
  expect(await shown(accepted)).toMatchObject({ suggestionShown: true });
  expect(await shown(second)).toMatchObject({ suggestionShown: true, value: { choice: "praise" } });
});

test("guidelines open beside the item and can be searched; a change of them is pointed out", async ({
  page,
  request,
}) => {
  const project = await makeProject(request);
  await openLabelling(page, project);
  await expect(page.getByRole("button", { name: "Guidelines (changed)" })).toBeVisible();
  await page.keyboard.press("g");
  const panel = page.getByRole("complementary", { name: "Guidelines" });
  await expect(panel.getByRole("heading", { name: "How to choose" })).toBeVisible();
  await panel.getByLabel("Search the guidelines").fill("PRAISE");
  await expect(panel.locator("mark")).toHaveText(["Praise", "praise"]);
  await page.locator("[data-current] section").click();
  await answerWith(page, "1");
  await page.keyboard.press("g");
  await call(request, "project.updateGuidelines", { projectId: project.id, guidelines: "# New rules" });
  await page.reload();
  await expect(page.getByRole("button", { name: "Guidelines (changed)" })).toBeVisible();
});

test("a paused project says so and goes on by itself; an empty one says how the rest stands", async ({
  page,
  request,
}) => {
  const project = await makeProject(request, { nItems: 3 });
  await call(request, "project.setStatus", { projectId: project.id, status: "paused" });
  await page.goto(`/p/${project.slug}/label`);
  await expect(page.getByText("The project is paused")).toBeVisible();
  await call(request, "project.setStatus", { projectId: project.id, status: "active" });
  await expect(page.locator("[data-current]")).toBeVisible({ timeout: 20_000 });
  for (let i = 0; i < 2; i++) await answerWith(page, "1");
  await page.keyboard.press("1");
  await expect(page.getByText("Everything is labelled")).toBeVisible({ timeout: 20_000 });
});

for (const theme of THEMES) {
  test(`the labelling screen has no findings of axe, ${theme}`, async ({ page, request }) => {
    await page.emulateMedia({ colorScheme: theme });
    const project = await makeProject(request);
    await openLabelling(page, project);
    await answerWith(page, "1");
    await expectNoAxeFindings(page);
    for (const [key, name] of [
      ["s", "Skip this item"],
      ["f", "Flag this item"],
      ["?", "Keys"],
      ["w", "Why this item"],
    ]) {
      await page.keyboard.press(key);
      await expect(page.getByRole("dialog", { name })).toBeVisible();
      await expectNoAxeFindings(page);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog", { name })).toBeHidden();
    }
    await page.keyboard.press("g");
    await expectNoAxeFindings(page);
  });
}

test("on a phone the labels lie under the thumb and nothing scrolls sideways", async ({ browser, request }) => {
  const project = await makeProject(request);
  const context = await browser.newContext({
    viewport: PHONE,
    hasTouch: true,
    isMobile: true,
    storageState: await request.storageState(),
  });
  const page = await context.newPage();
  await openLabelling(page, project);
  await expectNoSidewaysScroll(page);
  const button = page.locator("[data-current]").getByRole("button", { name: "Complaint" });
  const box = await button.boundingBox();
  expect(box?.height).toBeGreaterThanOrEqual(44);
  expect(box?.y).toBeGreaterThan(PHONE.height / 2);
  const row = await currentRow(page);
  await button.tap();
  await expect.poll(() => currentRow(page)).not.toBe(row);
  await expectNoAxeFindings(page);
  await page.getByRole("button", { name: "Your last answers" }).tap();
  await page.getByRole("button", { name: /Open again: Complaint/ }).tap();
  await expect.poll(() => currentRow(page)).toBe(row);
  await context.close();
});
