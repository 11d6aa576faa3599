import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SelectionMethod } from "@/strategies";
import { bestOf, Coda, correctCounts, groupVotes, KeyedRandom, predictionMatrix, runSelection } from "@/strategies";
import { givenFolder, option, readIndex } from "./predictionFolder";

/**
 * Cumulative regret over 100 labels on whole prediction matrices, as the authors of CODA report it: Σ over labels of best
 * accuracy minus accuracy of the returned model, in points.
 * `npx tsx bench/evaluation/codaRegret.ts FOLDER [--sets glue_rte,glue_sst2,glue_cola] [--seeds 20] [--labels 100]`.
 *
 * "coda, own belief" returns the model CODA believes in; "coda" asks the same items and returns by labelled accuracy, as
 * this library always does. FOLDER as for modelSelectorTable.ts; without it the command says so and ends well.
 */

const folder = givenFolder();
const wanted = option("sets", "glue_rte,glue_sst2,glue_cola").split(",");
const seeds = Number(option("seeds", "20"));
const nLabels = Number(option("labels", "100"));
const index = readIndex(folder);

for (const entry of index.filter(({ name }) => wanted.includes(name))) {
  const { n, models, classes, name } = entry;
  const matrix = predictionMatrix(readFileSync(join(folder, `${name}.pred.u8`)), n, models, classes);
  const labels = readFileSync(join(folder, `${name}.labels.u8`));
  const groups = groupVotes(matrix);
  const correct = correctCounts(
    matrix,
    labels,
    Uint32Array.from({ length: n }, (_, i) => i),
  );
  const top = correct[bestOf(correct)[0]];
  const points = (model: number) => (100 * (top - correct[model])) / n;
  const regret: Record<string, number> = {};
  for (const method of ["model-selector", "random", "entropy", "vma"] as SelectionMethod[]) {
    let sum = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const args = {
        matrix,
        labels,
        method,
        budget: nLabels,
        seed: `regret/${seed}`,
        epsilon: entry.paper_epsilon,
        groups,
      };
      for (const model of runSelection(args).best) sum += points(model) / seeds;
    }
    regret[method] = Math.round(sum);
  }
  const coda = new Coda(matrix);
  const random = new KeyedRandom("regret", "coda");
  const counts = new Int32Array(models);
  let open = groups.kept;
  let own = 0;
  let byLabels = 0;
  for (let t = 0; t < nLabels && open.length > 0; t++) {
    const gains = coda.informationGains(open);
    const largest = gains.reduce((max, gain) => Math.max(max, gain), Number.NEGATIVE_INFINITY);
    const ties = open.filter((_, i) => gains[i] >= largest - 1e-8);
    const item = ties[random.below(ties.length, t)];
    coda.record(item, labels[item]);
    for (let j = 0; j < models; j++) if (matrix.values[item * models + j] === labels[item]) counts[j]++;
    open = open.filter((other) => other !== item);
    own += points(bestOf(coda.bestBelief())[0]);
    const best = bestOf(counts);
    byLabels += best.reduce((sum, model) => sum + points(model) / best.length, 0);
  }
  regret["coda, own belief"] = Math.round(own);
  regret.coda = Math.round(byLabels);
  console.log(JSON.stringify({ set: name, labels: nLabels, seeds, regret }));
}
