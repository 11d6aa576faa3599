import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestDatabase } from "@/test/harness/testDatabase";
import { createTestDatabase } from "@/test/harness/testDatabase";

const require = createRequire(import.meta.url);
const run = promisify(execFile);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function prisma(...args: string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, DATABASE_URL: database.url };
  try {
    const { stdout, stderr } = await run(process.execPath, [require.resolve("prisma/build/index.js"), ...args], {
      env,
    });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

test("the migrations make exactly the tables that prisma/schema.prisma describes", async () => {
  const diff = await prisma(
    "migrate",
    "diff",
    "--from-config-datasource",
    "--to-schema",
    "prisma/schema.prisma",
    "--script",
    "--exit-code",
  );
  expect(diff.output).not.toMatch(/(CREATE|DROP|ALTER) TABLE|(ADD|DROP|ALTER) COLUMN/);
}, 60_000);

test("Prisma's own commands agree that every migration is applied", async () => {
  const status = await prisma("migrate", "status");
  expect(status.output).toContain("Database schema is up to date");
  expect(status.code).toBe(0);
}, 60_000);
