import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  disagreementScores,
  estimateControlled,
  expectedErrorOf,
  floorAtShareOfMax,
  KeyedRandom,
  mixedWithUniform,
  normalizedScores,
  raceDraws,
  voteShareSurrogate,
} from "@/strategies";
import { givenFolder, option, readIndex } from "./predictionFolder";

/**
 * The difference of two models' errors from one set of draws, and a changed model on old draws:
 * `npx tsx bench/evaluation/pairedDifference.ts FOLDER [--set glue_qnli] [--pairs 20:21,30:10] [--labels 100,200] [--runs 600]`.
 * Pairs are ranks by accuracy, 0 the best. Mean squared error over that of simple random sampling. FOLDER as for
 * modelSelectorTable.ts; without it the command says so and ends well.
 */

const folder = givenFolder();
const name = option("set", "glue_qnli");
const runs = Number(option("runs", "600"));
const POOL = 2000;
const entry = readIndex(folder).find((set) => set.name === name);
if (entry === undefined) throw new Error(`index.json has no set ${name}.`);
const { n, models, classes } = entry;
const predictions = readFileSync(join(folder, `${name}.pred.u8`));
const labels = readFileSync(join(folder, `${name}.labels.u8`));
const errors = Float64Array.from({ length: models }, (_, j) => {
  let wrong = 0;
  for (let i = 0; i < n; i++) if (predictions[i * models + j] !== labels[i]) wrong++;
  return wrong;
});
const byRank = Array.from({ length: models }, (_, j) => j).sort((a, b) => errors[a] - errors[b] || a - b);
const random = new KeyedRandom("paired", name);
const items = Array.from({ length: n }, (_, i) => i)
  .sort((a, b) => random.uniform(a) - random.uniform(b))
  .slice(0, POOL);

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] / values.length;
  return sum;
}

for (const pair of option("pairs", "20:21,30:10,40:0").split(",")) {
  const [a, b] = pair.split(":").map((rank) => byRank[Number(rank)]);
  const others = byRank.filter((model) => model !== a && model !== b);
  const votes = Int32Array.from(items.flatMap((item) => others.map((model) => predictions[item * models + model])));
  const surrogate = voteShareSurrogate(votes, POOL, others.length, classes, 1);
  const predicted = [a, b].map((model) => Int32Array.from(items, (item) => predictions[item * models + model]));
  const losses = predicted.map((list) => Float64Array.from(list, (vote, i) => (vote === labels[items[i]] ? 0 : 1)));
  const expected = predicted.map((list) => expectedErrorOf(list, surrogate));
  const difference = losses[0].map((loss, i) => loss - losses[1][i]);
  const control = expected[0].map((p, i) => p - expected[1][i]);
  const ownDraws = normalizedScores(floorAtShareOfMax(expected[0], 0.05));
  const together = mixedWithUniform(normalizedScores(disagreementScores(predicted[0], predicted[1], surrogate)), 0.1);
  for (const count of option("labels", "100,200").split(",").map(Number)) {
    const measure = (scores: Float64Array, values: Float64Array, g: Float64Array | null) => {
      const truth = mean(values);
      const spread = mean(values.map((value) => (value - truth) ** 2));
      const iid = (spread / count) * ((POOL - count) / (POOL - 1));
      let squares = 0;
      for (let run = 0; run < runs; run++) {
        const draws = raceDraws(scores, count, `${pair}/${run}`);
        const design = { poolSize: POOL, q: draws.map(({ q }) => q), losses: draws.map(({ item }) => values[item]) };
        const own = g ?? new Float64Array(POOL);
        const { value } = estimateControlled(design, {
          drawn: draws.map(({ item }) => own[item]),
          poolMean: mean(own),
        });
        squares += (value - truth) ** 2 / runs;
      }
      return Number((squares / iid).toPrecision(3));
    };
    console.log(
      JSON.stringify({
        set: name,
        pair,
        labels: count,
        errors: losses.map((list) => Number(mean(list).toFixed(4))),
        aOnItsDraws: measure(ownDraws, losses[0], null),
        bReused: measure(ownDraws, losses[1], null),
        bReusedWithControl: measure(ownDraws, losses[1], expected[1]),
        differenceOnItsDraws: measure(ownDraws, difference, null),
        differenceOnDisagreement: measure(together, difference, null),
        differenceWithControl: measure(together, difference, control),
      }),
    );
  }
}
