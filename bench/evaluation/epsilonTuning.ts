import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { predictionMatrix, tuneEpsilon } from "@/strategies";

/**
 * The ε that majority votes choose, and the one that true labels would:
 * `npx tsx bench/evaluation/epsilonTuning.ts FOLDER [--sets glue_rte] [--realisations 150]`.
 * FOLDER as for modelSelectorTable.ts; without it the command says so and ends well.
 */

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

const folder = process.argv[2];
if (folder === undefined || folder.startsWith("--") || !existsSync(join(folder, "index.json"))) {
  console.log(
    `Skipped: ${folder ?? "no folder given"} holds no index.json. Give the folder of the prediction matrices.`,
  );
  process.exit(0);
}
const sets = option("sets", "glue_rte,glue_wnli,glue_sst2,glue_cola").split(",");
const realisations = Number(option("realisations", "150"));
interface SetEntry {
  name: string;
  n: number;
  models: number;
  classes: number;
  paper_pool_size: number;
  paper_epsilon: number;
}
for (const entry of JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as SetEntry[]) {
  if (!sets.includes(entry.name)) continue;
  const values = readFileSync(join(folder, `${entry.name}.pred.u8`));
  const matrix = predictionMatrix(values, entry.n, entry.models, entry.classes);
  const common = {
    matrix,
    realisations,
    poolSize: entry.paper_pool_size,
    budget: entry.paper_pool_size,
    seed: "tuning",
  };
  const { epsilon, trials } = tuneEpsilon(common);
  const near = trials.filter(
    ({ meanSuccess }) => meanSuccess > Math.max(...trials.map((trial) => trial.meanSuccess)) - 0.005,
  );
  console.log(
    JSON.stringify({
      set: entry.name,
      paper: entry.paper_epsilon,
      tuned: epsilon,
      withinHalfAPoint: near.map((trial) => trial.epsilon),
      success: trials.map(({ meanSuccess }) => Number(meanSuccess.toFixed(4))),
    }),
  );
}
