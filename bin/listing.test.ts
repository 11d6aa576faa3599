import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

async function winnow(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "bin/winnow.ts", ...args], {
      cwd: ROOT,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe("what winnow says about itself", () => {
  test("lists every strategy, for people and as JSON", async () => {
    const json = JSON.parse((await winnow("strategies", "--json")).stdout);
    const ids = json.strategies.map((strategy: { id: string }) => strategy.id);
    expect(ids).toContain("typiclust");
    expect(json.strategies[0]).toMatchObject({
      id: "margin",
      needs: { arrays: ["probabilities"] },
      taskKinds: ["single-label"],
    });
    const { stdout } = await winnow("strategies");
    const lines = stdout.split("\n");
    for (const id of ids) expect(lines.filter((line) => line.startsWith(`${id} `))).toHaveLength(1);
    expect(stdout).not.toContain("source:");
    const long = (await winnow("strategies", "--long")).stdout;
    for (const id of ids) expect(long).toContain(`${id}  (`);
    const one = await winnow("strategies", "typiclust");
    expect(one.stdout).toMatch(/^typiclust {2}\(TypiClust\)\n/);
    expect(one.stdout).not.toContain("margin  (");
    expect(await winnow("strategies", "no-such")).toMatchObject({ code: 2, stdout: "" });
  });

  test("without a command prints what there is, and that is no mistake", async () => {
    const { code, stdout, stderr } = await winnow();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const command of ["strategies", "select", "estimate", "model-selector"]) expect(stdout).toContain(command);
    expect(stdout).not.toContain("outputHelp");
  });
});
