import { defineConfig } from "@playwright/test";
import { chromiumArguments, ensureChromium } from "./e2e/harness/chromium";
import { findFreePort } from "./scripts/postgres/processes";

// The configuration is read again by each worker process: what the first reading found is handed down.
process.env.PLAYWRIGHT_CHROMIUM ??= ensureChromium();
process.env.WINNOW_E2E_PORT ??= String(await findFreePort());

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results/browser",
  snapshotPathTemplate: "{testDir}/snapshots/{testFileName}/{arg}{ext}",
  globalSetup: "./e2e/harness/globalSetup.ts",
  // One instance serves all tests, on two cores.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [["list"], ["json"]] : "list",
  use: {
    baseURL: `http://127.0.0.1:${process.env.WINNOW_E2E_PORT}`,
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: process.env.PLAYWRIGHT_CHROMIUM, args: chromiumArguments() },
  },
  projects: [
    // Makes the first account through the set-up link; the journeys begin signed in as it.
    { name: "setup", testMatch: "**/*.setup.ts" },
    {
      name: "journeys",
      testMatch: "**/*.spec.ts",
      dependencies: ["setup"],
      use: { storageState: "test-results/state/administrator.json" },
    },
  ],
});
