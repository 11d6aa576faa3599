import { readFileSync } from "node:fs";
import { join } from "node:path";
import { predictionMatrix, tuneEpsilon } from "@/strategies";
import { givenFolder, option, readIndex } from "./predictionFolder";

/**
 * The ε that majority votes choose, and the one that true labels would:
 * `npx tsx bench/evaluation/epsilonTuning.ts FOLDER [--sets glue_rte] [--realisations 150]`.
 * FOLDER as for modelSelectorTable.ts; without it the command says so and ends well.
 */

const folder = givenFolder();
const sets = option("sets", "glue_rte,glue_wnli,glue_sst2,glue_cola").split(",");
const realisations = Number(option("realisations", "150"));
for (const entry of readIndex(folder)) {
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
