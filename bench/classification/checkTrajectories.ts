import { readFileSync } from "node:fs";
import { cliKernels } from "@/bin/cliKernels";
import { argument } from "./arguments";
import type { LocalSetName } from "./localSets";
import { readLocalSet } from "./localSets";
import type { Trajectory } from "./trajectories";
import { trajectoryDifferences } from "./trajectories";

/**
 * Compares model and picks with the reference's deterministic runs:
 * `npx tsx bench/classification/checkTrajectories.ts --data FOLDER`.
 */
const file = argument("reference", "test/golden/classification/trajectories_softmax_regression.json");
const runs = (JSON.parse(readFileSync(file, "utf8")) as { runs: Trajectory[] }).runs;
const { kernels } = await cliKernels(256 << 20);
let failed = 0;
for (const run of runs) {
  const set = readLocalSet(argument("data"), run.dataset as LocalSetName);
  if (typeof set === "string") {
    process.stdout.write(`${set}\n`);
    continue;
  }
  const differences = await trajectoryDifferences(set, run, kernels);
  if (differences.length > 0) failed++;
  const verdict = differences.length === 0 ? "equal" : differences.join("; ");
  process.stdout.write(`${run.dataset} ${run.strategy}, ${run.rounds.length} rounds of ${run.batch}: ${verdict}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
