import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KeyedRandom, majorityVotes, planAutoLabels, predictionMatrix, voteCounts } from "@/strategies";
import { givenFolder, option, readIndex } from "./predictionFolder";

/**
 * Auto-labelling with a guarantee on a prediction matrix: the machine label is the majority vote, its confidence the vote's
 * share, calibrated on n random labels and offered 1,500 items.
 * `npx tsx bench/evaluation/autoLabelTable.ts FOLDER [--set glue_qnli] [--runs 400]`.
 *
 * "threshold" is the usual way for contrast: the lowest confidence at which the calibration items are right often enough.
 * FOLDER as for modelSelectorTable.ts; without it the command says so and ends well.
 */

const folder = givenFolder();
const name = option("set", "glue_qnli");
const runs = Number(option("runs", "400"));
const OFFERED = 1500;
const entry = readIndex(folder).find((set) => set.name === name);
if (entry === undefined) throw new Error(`index.json has no set ${name}.`);
const { n, models, classes } = entry;
const matrix = predictionMatrix(readFileSync(join(folder, `${name}.pred.u8`)), n, models, classes);
const labels = readFileSync(join(folder, `${name}.labels.u8`));
const votes = majorityVotes(matrix);
const counts = voteCounts(matrix);
const confidence = Float64Array.from(votes, (vote, i) => counts[i * classes + vote] / models);
const isRight = Float64Array.from(votes, (vote, i) => (vote === labels[i] ? 1 : 0));

/** Lowest confidence from which on calibration items are right at a rate of 1 − level; above 1 when there is none. */
function threshold(items: number[], level: number): number {
  const sorted = [...items].sort((a, b) => confidence[b] - confidence[a]);
  let wrong = 0;
  let found = 2;
  sorted.forEach((item, k) => {
    wrong += 1 - isRight[item];
    const isLastOfTie = k + 1 === sorted.length || confidence[sorted[k + 1]] < confidence[item];
    if (isLastOfTie && wrong / (k + 1) <= level) found = confidence[item];
  });
  return found;
}

for (const size of [100, 300, 1000]) {
  for (const level of [0.01, 0.02, 0.05]) {
    const sums = {
      fdr: 0,
      squares: 0,
      recall: 0,
      randomizedFdr: 0,
      randomizedRecall: 0,
      thresholdFdr: 0,
      thresholdRecall: 0,
      exceeds: 0,
    };
    for (let run = 0; run < runs; run++) {
      const random = new KeyedRandom(`auto-label/${run}`, name);
      const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => random.uniform(a) - random.uniform(b));
      const own = order.slice(0, size);
      const offered = order.slice(size, size + OFFERED);
      const of = (items: number[], values: Float64Array) => items.map((i) => values[i]);
      const right = of(offered, isRight);
      const plan = planAutoLabels(
        of(offered, confidence),
        { confidence: of(own, confidence), isRight: of(own, isRight) },
        level,
      );
      const u = Float64Array.from(offered, (item) => random.uniform(item, 1));
      const drawn = planAutoLabels(
        of(offered, confidence),
        { confidence: of(own, confidence), isRight: of(own, isRight) },
        level,
        { kind: "randomized", u },
      );
      const measure = (accepted: ArrayLike<number>) => {
        const good = Array.from(accepted).filter((i) => right[i] > 0).length;
        const all = right.reduce((sum, value) => sum + value, 0);
        return { fdr: accepted.length === 0 ? 0 : 1 - good / accepted.length, recall: good / all };
      };
      const conformal = measure(plan.accepted);
      sums.fdr += conformal.fdr / runs;
      sums.squares += conformal.fdr ** 2 / runs;
      sums.recall += conformal.recall / runs;
      const randomized = measure(drawn.accepted);
      sums.randomizedFdr += randomized.fdr / runs;
      sums.randomizedRecall += randomized.recall / runs;
      const limit = threshold(own, level);
      const usual = measure(offered.flatMap((item, i) => (confidence[item] >= limit ? [i] : [])));
      sums.thresholdFdr += usual.fdr / runs;
      sums.thresholdRecall += usual.recall / runs;
      sums.exceeds += (usual.fdr > level ? 1 : 0) / runs;
    }
    const standardError = Math.sqrt((sums.squares - sums.fdr ** 2) / runs);
    const { squares: _, ...shown } = sums;
    const line = { set: name, calibration: size, level, ...shown, standardError };
    console.log(
      JSON.stringify(line, (_key, value) => (typeof value === "number" ? Number(value.toPrecision(3)) : value)),
    );
  }
}
