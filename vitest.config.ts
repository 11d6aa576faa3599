import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));

const NEVER = ["**/node_modules/**", "**/dist/**", "**/.next/**", "e2e/**"];
/** Tests that need PostgreSQL end in this; all others run without one. */
const INTEGRATION = "**/*.integration.test.{ts,tsx}";
/** Tests that start the whole product as its users do, from the production build. */
const SYSTEM = "**/*.system.test.ts";

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@\//, replacement: root },
      // Throws outside React's server; the rule it stands for is checked by the build.
      { find: /^server-only$/, replacement: fileURLToPath(new URL("./test/harness/empty.ts", import.meta.url)) },
    ],
  },
  test: {
    env: { NODE_ENV: "test", WINNOW_LOG_LEVEL: "error", WINNOW_LOG_FORMAT: "human" },
    // Two cores in CI; each file is a process of its own, so one that leaves something open harms no other.
    pool: "forks",
    maxWorkers: 2,
    passWithNoTests: true,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.{ts,tsx}"],
          exclude: [...NEVER, INTEGRATION, SYSTEM],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: [INTEGRATION],
          exclude: NEVER,
          globalSetup: ["test/harness/globalSetup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: [SYSTEM],
          exclude: NEVER,
          testTimeout: 180_000,
          hookTimeout: 400_000,
          // One instance at a time, after everything else: they measure how soon things come back.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
