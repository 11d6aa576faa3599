import { randomUUID } from "node:crypto";
import type { APIRequestContext, Page } from "@playwright/test";
import { expect } from "@playwright/test";
import type { TestProject } from "./annotateProject";
import { call, makeProject } from "./annotateProject";

export const LABEL_IDS = ["question", "complaint", "praise", "other"] as const;
/** Trains as soon as it may, so that a test waits for seconds at most. */
const EAGER = { everyLabels: 5, everySeconds: 5, minLabels: 8 };

interface Claimed {
  entries: { row: number; leaseToken: string }[];
}

/** Takes up to `n` items for the signed-in person of `request`. */
export async function claimItems(request: APIRequestContext, project: TestProject, n: number) {
  const claim = { projectId: project.id, tab: "e2e", n };
  return (await call<Claimed>(request, "queue.claim", claim)).entries;
}

/** Labels `n` items over the API, in turn with each label, and returns their rows. */
export async function labelItems(request: APIRequestContext, project: TestProject, n: number): Promise<number[]> {
  const rows: number[] = [];
  while (rows.length < n) {
    const entries = await claimItems(request, project, Math.min(20, n - rows.length));
    expect(entries.length).toBeGreaterThan(0);
    for (const { row, leaseToken } of entries) {
      await call(request, "annotation.submit", {
        projectId: project.id,
        submissionId: randomUUID(),
        leaseToken,
        row,
        kind: "label",
        value: { choice: LABEL_IDS[rows.length % LABEL_IDS.length] },
      });
      rows.push(row);
    }
  }
  return rows;
}

interface Versions {
  rows: { version: number; state: string }[];
}

/** Waits until `n` model versions are ready. */
export async function modelsReady(request: APIRequestContext, project: TestProject, n = 1): Promise<void> {
  await expect(async () => {
    const { rows } = await call<Versions>(request, "model.list", { projectId: project.id }, "query");
    expect(rows.filter((row) => row.state === "ready").length).toBeGreaterThanOrEqual(n);
  }).toPass({ timeout: 40_000 });
}

/** A project with labels and a first model version. */
export async function makeTrainedProject(request: APIRequestContext): Promise<TestProject> {
  const project = await makeProject(request, { settings: { retrainPolicy: EAGER } });
  await labelItems(request, project, 16);
  await modelsReady(request, project);
  return project;
}

/** Opens a page and waits until nothing on it is loading any more. */
export async function openPage(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
  await expect(page.getByRole("status", { name: /Loading/ })).toHaveCount(0);
}

/** Opens the dashboard and waits for the stream of live changes. */
export async function openDashboard(page: Page, project: TestProject): Promise<void> {
  await openPage(page, `/p/${project.slug}`);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
}

/** The bytes of what a click downloads, as text, and the name it is saved under. */
export async function downloadOf(page: Page, click: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  return { name: download.suggestedFilename(), bytes: Buffer.concat(chunks) };
}
