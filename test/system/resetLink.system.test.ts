import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LaunchedWinnow } from "../harness/launchWinnow";
import { launchWinnow } from "../harness/launchWinnow";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let winnow: LaunchedWinnow;
beforeAll(async () => {
  winnow = await launchWinnow();
});
afterAll(() => winnow?.cleanup());

async function post(path: string, body: unknown): Promise<number> {
  const response = await fetch(`${winnow.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: winnow.url },
    body: JSON.stringify(body),
  });
  await response.text();
  return response.status;
}

function resetLink(email: string) {
  const env = { ...process.env, WINNOW_DATA_DIR: winnow.dataDir, PORT: String(winnow.port), DATABASE_URL: "" };
  const args = ["--conditions=react-server", "--import", "tsx", "scripts/resetLink.ts", email];
  return spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: "utf8" });
}

test("the only administrator, locked out, gets in again with a link from the console", async () => {
  const email = "ada@example.org";
  const token = new URL(winnow.setupUrl as string).searchParams.get("token");
  await post("/api/trpc/access.completeSetup", { token, name: "Ada", email, password: "correct-horse-battery" });
  const stranger = resetLink("nobody@example.org");
  expect(stranger.status).toBe(1);
  expect(stranger.stderr).toContain("no account with the address nobody@example.org");

  const made = resetLink("Ada@Example.org");
  expect(made.status).toBe(0);
  const link = /reset\?token=(\S+)/.exec(made.stdout);
  const password = "quite another sentence";
  expect(await post("/api/trpc/access.resetPassword", { token: link?.[1], password })).toBe(200);
  expect(await post("/api/auth/sign-in/email", { email, password: "correct-horse-battery" })).toBe(401);
  expect(await post("/api/auth/sign-in/email", { email, password })).toBe(200);
});
