import type { Page } from "@playwright/test";
import { chromium } from "@playwright/test";
import { chromiumArguments, ensureChromium } from "@/e2e/harness/chromium";
import type { LaunchedWinnow } from "@/test/harness/launchWinnow";

const PERSON = { name: "Ada", email: "ada@example.org", password: "correct-horse-battery" };
/** How long a person needs at least; without a pause the queue's next claim is measured instead of the page. */
const PAUSE_MS = 250;
const QUEUE_TIMEOUT_MS = 120_000;
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

/** Two labels answered by keys, and 77 answered by clicks. */
const DATASETS = [
  { dataset: "sms-spam", by: "key" },
  { dataset: "banking77", by: "click" },
] as const;

export interface NextItemFigures {
  labels: number;
  /** From the key or click that answers to the frame with the next item, as the page itself measures it. */
  screens: {
    dataset: string;
    by: "key" | "click";
    width: number;
    height: number;
    n: number;
    p50Ms: number;
    p95Ms: number;
    maxMs: number;
  }[];
  /** Largest JavaScript heap of the page that was seen. */
  pageHeapMiB: number;
}

/** Labels a demo project by keyboard in a real browser, in both screen sizes. */
export async function measureNextItem(winnow: LaunchedWinnow, labels: number): Promise<NextItemFigures> {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumArguments() });
  try {
    const context = await browser.newContext({ baseURL: winnow.url });
    const page = await context.newPage();
    await page.goto(winnow.setupUrl as string);
    await page.getByLabel("Your name").fill(PERSON.name);
    await page.getByLabel("Email").fill(PERSON.email);
    await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
    await page.getByRole("button", { name: "Create the account" }).click();
    await page.waitForURL((url) => url.pathname === "/");
    const figures: NextItemFigures = { labels: 0, screens: [], pageHeapMiB: 0 };
    for (const { dataset, by } of DATASETS) {
      const made = await page.request.post("/api/trpc/demo.create", {
        data: { dataset },
        headers: { origin: winnow.url },
        timeout: QUEUE_TIMEOUT_MS,
      });
      const slug = (await made.json()).result.data.projects[0].slug as string;
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await openQueue(page, slug);
        for (let i = 0; i < labels; i++) {
          if (by === "key") await page.keyboard.press(i % 2 === 0 ? "1" : "2");
          else
            await page
              .locator("[data-current] [role=option]")
              .nth(i % 2)
              .click();
          await page.waitForTimeout(PAUSE_MS);
        }
        const stats = await page.evaluate(() => window.__winnow?.nextVisible());
        if (!stats || stats.n < labels / 2) throw new Error(`${dataset}: the page measured ${stats?.n ?? 0} answers.`);
        figures.labels += stats.n;
        figures.screens.push({
          dataset,
          by,
          ...size,
          n: stats.n,
          p50Ms: stats.p50,
          p95Ms: stats.p95,
          maxMs: Math.max(...stats.samples),
        });
        figures.pageHeapMiB = Math.max(figures.pageHeapMiB, await page.evaluate(heapMiB));
      }
    }
    return figures;
  } finally {
    await browser.close();
  }
}

/** Opens the labeling page; the items of a new demo project are queued within seconds. */
async function openQueue(page: Page, slug: string): Promise<void> {
  await page.goto(`/p/${slug}/label`);
  await page.waitForSelector("[data-current]", { timeout: QUEUE_TIMEOUT_MS });
}

function heapMiB(): number {
  return (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 2 ** 20;
}
