import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";

/** No finding of axe, whatever its weight, on the page as it stands. */
export async function expectNoAxeFindings(page: Page): Promise<void> {
  // Half-way through a fade, colours have contrasts that nobody is meant to see.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))),
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  const findings = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`,
  );
  expect(findings).toEqual([]);
}

/** Nothing reaches beyond the window's sides. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content).toBeLessThanOrEqual(window);
}

export const PHONE = { width: 390, height: 844 };
export const THEMES = ["light", "dark"] as const;
