import type { APIRequestContext, Page } from "@playwright/test";
import { expect } from "@playwright/test";

export interface TestProject {
  id: number;
  slug: string;
}

/** Calls a procedure as the signed-in person of `request`. */
export async function call<T>(
  request: APIRequestContext,
  procedure: string,
  input: unknown,
  type: "query" | "mutation" = "mutation",
): Promise<T> {
  const origin = `http://127.0.0.1:${process.env.WINNOW_E2E_PORT}`;
  const response =
    type === "mutation"
      ? await request.post(`/api/trpc/${procedure}`, { data: input, headers: { origin } })
      : await request.get(`/api/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`);
  const body = await response.json();
  if (!response.ok()) throw new Error(`${procedure}: ${JSON.stringify(body.error?.data?.winnow ?? body)}`);
  return body.result.data as T;
}

const LABELS = ["Question", "Complaint", "Praise", "Other"];

let made = 0;

/** A project of its own for a test: `nItems` short texts, four labels, a queue that has been filled. */
export async function makeProject(
  request: APIRequestContext,
  options: { nItems?: number; nLabels?: number; settings?: Record<string, unknown> } = {},
): Promise<TestProject> {
  const { nItems = 60, nLabels = LABELS.length, settings = {} } = options;
  made += 1;
  const labels = Array.from({ length: nLabels }, (_, i) => ({
    id: (LABELS[i] ?? `Topic number ${i + 1}`).toLowerCase().replaceAll(" ", "_"),
    title: LABELS[i] ?? `Topic number ${i + 1}`,
  }));
  const project = await call<TestProject>(request, "project.create", {
    name: `Mail ${process.pid}-${made}`,
    taskType: "choice",
    taskConfig: { labels },
    guidelines: "# How to choose\n\nA **complaint** wants something put right.\n\n- Praise only praises.\n",
    ...settings,
  });
  await call(request, "ingest.items", {
    projectId: project.id,
    items: Array.from({ length: nItems }, (_, i) => ({
      externalId: `m${i}`,
      content: { text: `Message ${i}: could you please look into the matter of order ${1000 + i}?` },
    })),
  });
  await expect(async () => {
    const { open } = await call<{ open: number }>(request, "queue.status", { projectId: project.id }, "query");
    expect(open).toBeGreaterThan(0);
  }).toPass({ timeout: 30_000 });
  return project;
}

/** Opens the labelling screen and waits for its first item. */
export async function openLabelling(page: Page, project: TestProject): Promise<void> {
  await page.goto(`/p/${project.slug}/label`);
  await expect(page.locator("[data-current]")).toBeVisible({ timeout: 20_000 });
}

/** The row of the item on screen. */
export async function currentRow(page: Page): Promise<number> {
  return Number(await page.locator("[data-current]").getAttribute("data-item-row"));
}

/** Presses a key that answers and waits until another item is on screen. Returns the row that was answered. */
export async function answerWith(page: Page, key: string): Promise<number> {
  const row = await currentRow(page);
  await page.keyboard.press(key);
  await expect.poll(() => currentRow(page)).not.toBe(row);
  return row;
}

export interface HistoryLine {
  seq: number;
  row: number;
  kind: string;
  value: { choice: string } | null;
  retracted: boolean;
}

/** What the server has of this person, oldest first. */
export async function history(request: APIRequestContext, project: TestProject): Promise<HistoryLine[]> {
  const rows = await call<HistoryLine[]>(request, "annotation.history", { projectId: project.id, limit: 200 }, "query");
  return rows.reverse();
}

/** Waits until the counter says that nothing is on the way. */
export async function allSent(page: Page): Promise<void> {
  await expect(page.locator("[data-unsent]")).toHaveAttribute("data-unsent", "0", { timeout: 20_000 });
}
