import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Measurements on data that may not be passed on must not fail where the data are not. */
test.each([
  ["modelSelectorTable.ts", ["no-such-folder"]],
  ["activeTestingTables.ts", []],
  ["codaRegret.ts", ["no-such-folder"]],
  ["epsilonTuning.ts", []],
  ["autoLabelTable.ts", []],
  ["pairedDifference.ts", ["no-such-folder"]],
  ["imageTesting.ts", ["--mnist", "no-such-folder"]],
])(
  "%s says that it skips",
  async (file, args) => {
    const { stdout } = await run(process.execPath, ["--import", "tsx", `bench/evaluation/${file}`, ...args], {
      cwd: ROOT,
    });
    expect(stdout).toMatch(/^Skipped: .+ holds no /);
  },
  60_000,
);
