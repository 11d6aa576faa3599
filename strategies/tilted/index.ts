import { countBits } from "../core/bitmap";
import { inclusionProbabilities, quantizedSize } from "../core/inclusionProbabilities";
import { compareKeys, keyHi, keyLo } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { numberOption } from "../core/resolveOptions";
import { BLOCK_ROWS } from "../core/rowMatrix";
import { probabilityInput } from "../core/scoreInputs";
import { forEachScore } from "../core/scorePool";
import { ScoreTally } from "../core/scoreTally";
import type { ItemScorer, Notice, Pool, Reason, SelectContext, Selection, Strategy } from "../core/types";
import { sequentialPivotal } from "./sequentialPivotal";

/** Doubts below this count as this much: with a negative exponent a sure answer would otherwise weigh infinitely. */
const DOUBT_MIN = 1e-4;

/** 1 − Σ p²: the chance that two draws from the prediction differ; multi-label: the mean of 2·p·(1 − p). */
function doubtScorer(pool: Pool): ItemScorer {
  const isMultiLabel = pool.taskKind === "multi-label";
  return {
    measure: "tilted",
    inputs: [probabilityInput(pool)],
    better: "higher",
    range: [0, 1],
    scoreBlock(_kernels, { values, dim, start, end }, out) {
      for (let i = 0; i < end - start; i++) {
        let sum = 0;
        for (let j = i * dim; j < (i + 1) * dim; j++)
          sum += isMultiLabel ? 2 * values[j] * (1 - values[j]) : values[j] ** 2;
        out[i] = Math.min(1, Math.max(0, isMultiLabel ? sum / Math.max(1, dim) : 1 - sum));
      }
    },
    utility: (value) => value,
  };
}

/** Size of a row before the floor: doubt^exponent, as a share of the largest there can be. */
export function tiltedSize(doubt: number, exponent: number): number {
  const bounded = Math.max(DOUBT_MIN, Math.min(1, doubt));
  return exponent < 0 ? (bounded / DOUBT_MIN) ** exponent : bounded ** exponent;
}

async function select(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  exponent: number,
  floor: number,
): Promise<Selection> {
  const eligible = countBits(pool.eligible);
  const rows = new Uint32Array(eligible);
  const doubts = new Float64Array(eligible);
  const tally = new ScoreTally([0, 1]);
  let n = 0;
  await forEachScore(context, pool, doubtScorer(pool), (row, doubt) => {
    rows[n] = row;
    doubts[n++] = doubt;
    tally.add(doubt);
  });
  const notices: Notice[] =
    n < eligible ? [{ code: "UNSCORED_ROWS", level: "warning", count: eligible - n, eligible }] : [];
  const order = inKeyOrder(pool, rows, n);
  const sizes = new Float64Array(n);
  for (let i = 0; i < n; i++) sizes[i] = quantizedSize(tiltedSize(doubts[order[i]], exponent));
  const pi = inclusionProbabilities(sizes, Math.min(batchSize, n), floor);
  const meeting = randomOf(context, "pivotal");
  const key = (i: number): [number, number] => [keyLo(pool.keys, rows[order[i]]), keyHi(pool.keys, rows[order[i]])];
  const isIn = sequentialPivotal(pi, (i) => meeting.uniform(...key(i)));
  const ranking = randomOf(context, "ranking");
  const picks: { readonly at: number; readonly draw: number }[] = [];
  for (let i = 0; i < n; i++) if (isIn[i] === 1) picks.push({ at: i, draw: ranking.uniform(...key(i)) });
  // In random order, so that the first of them are a sample of the sample.
  picks.sort((a, b) => a.draw - b.draw || a.at - b.at);
  return {
    rows: Uint32Array.from(picks, ({ at }) => rows[order[at]]),
    scores: Float64Array.from(picks, ({ at }) => doubts[order[at]]),
    utility: Float64Array.from(picks, ({ at }) => sizes[at]),
    percentile: picks.map(() => null),
    inclusion: picks.map(({ at }) => pi[at]),
    reasons: picks.map(({ at }): Reason[] => [{ code: "drawn", inclusion: pi[at] }]),
    notices,
    summary: tally.summary("tilted"),
  };
}

/** Positions into the first n rows, in ascending order of key; rows that are their own keys are in it already. */
function inKeyOrder(pool: Pool, rows: Uint32Array, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  return pool.keys === undefined ? order : order.sort((a, b) => compareKeys(pool.keys, rows[a], rows[b]));
}

export const tilted: Strategy = {
  id: "tilted",
  version: 1,
  title: "Tilted sampling",
  summary: "Draws items at random, doubtful ones more (or less) often, with a known probability for each.",
  whenToUse:
    "Weak first models, and whenever the labels shall also measure something: every item's probability of being drawn is known.",
  whenNot: "Small batches where the most doubtful items are wanted for certain.",
  taskKinds: ["single-label", "multi-label"],
  score: { name: "1 − Σ p², the chance that two draws from the prediction differ", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      exponent: {
        type: "number",
        title: "Tilt",
        description:
          "Items are drawn in proportion to their doubt to this power: 0 is plain random, negative values prefer sure items.",
        minimum: -2,
        maximum: 8,
        default: 0.5,
      },
      floor: {
        type: "number",
        title: "Share drawn evenly",
        description:
          "This share of the probability is spread evenly, so that no item's weight in an estimate explodes.",
        minimum: 0,
        maximum: 1,
        default: 0.1,
      },
    },
  },
  needs: () => ({ arrays: ["probabilities"] }),
  costFormula: "time O(n·c + n·log n); memory O(n)",
  cost: ({ eligible, nClasses, batchSize }) => ({
    flops: 2 * eligible * nClasses + 40 * eligible,
    // Six arrays of the length of the pool, and what sorting by key takes.
    bytes: 60 * eligible + 128 * batchSize + 16 * BLOCK_ROWS,
  }),
  claims: { random: true, inclusion: true, embeddingInvariance: true },
  sources: [
    {
      authors: "Kolossov, Montanari & Tandon",
      year: 2024,
      title: "Towards a statistical theory of data selection under weak supervision",
      where: "ICLR",
    },
    {
      authors: "Deville & Tillé",
      year: 1998,
      title: "Unequal probability sampling without replacement through a splitting method",
      where: "Biometrika",
    },
  ],
  differences: [
    "The batch has exactly the size asked for; the paper draws every item independently.",
    "A share of the probability is spread evenly; `floor: 0` is the published scheme.",
    "The score of the paper for two classes, p·(1 − p), is taken as 1 − Σ p², which is twice that; only ratios matter.",
    "Labels are not weighted in training, as the paper advises; the probabilities are there for estimates.",
  ],
  select: (context, pool, batchSize, options) =>
    select(context, pool, batchSize, numberOption(options, "exponent"), numberOption(options, "floor")),
};
