import { keyHi, keyLo } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import { marginScorer } from "../core/probabilityScorers";
import { numberOption, textOption } from "../core/resolveOptions";
import type { ItemScorer, MakeScorer, Strategy } from "../core/types";
import { uncertaintyStrategy } from "../core/uncertaintyStrategy";

/** Margins of 1 have no uncertainty left; their logarithm is taken of this. */
const UNCERTAINTY_MIN = 1e-12;

/**
 * Margin with Gumbel noise: the k largest are a sample without replacement, drawn one after the other with probability
 * proportional to u^β (power) or e^(βu) (softmax), u = 1 − (p1 − p2). Noise is keyed by item, so one streaming pass does.
 */
const scorer: MakeScorer = async (context, pool, options): Promise<ItemScorer> => {
  const base = await marginScorer(context, pool, options);
  const random = randomOf(context, "gumbel");
  const beta = numberOption(options, "beta");
  const isPower = textOption(options, "law") === "power";
  return {
    ...base,
    measure: "power-margin",
    better: "higher",
    range: null,
    scoreBlock(kernels, block, out) {
      base.scoreBlock(kernels, block, out);
      for (let i = 0; i < block.end - block.start; i++) {
        const row = block.start + i;
        const u = 1 - out[i];
        const noise = -Math.log(-Math.log(random.uniform(keyLo(pool.keys, row), keyHi(pool.keys, row))));
        out[i] = beta * (isPower ? Math.log(Math.max(UNCERTAINTY_MIN, u)) : u) + noise;
      }
    },
    utility: (score) => score,
  };
};

export const powerMargin: Strategy = {
  ...uncertaintyStrategy(scorer, {
    id: "power-margin",
    title: "Power-sampled margin",
    summary: "Draws items at random, those with the closest two classes more often.",
    scoreName: "β·ln(1 − (p1 − p2)) + Gumbel noise of the item",
    better: "higher",
    whenToUse: "Batches of dozens or more, where plain margin would serve near copies and clustering costs too much.",
    whenNot:
      "Batches of a few items, and where inclusion probabilities are wanted: a draw in sequence has no simple ones.",
    options: {
      type: "object",
      additionalProperties: false,
      properties: {
        law: {
          type: "string",
          title: "Law",
          description: "power draws in proportion to a power of the uncertainty, softmax to its exponential.",
          enum: ["power", "softmax"],
          default: "power",
        },
        beta: {
          type: "number",
          title: "Sharpness β",
          description: "0 draws evenly; the larger, the nearer to plain margin.",
          minimum: 0,
          maximum: 1_000_000,
          default: 1,
        },
      },
    },
    sources: [
      {
        authors: "Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron & Gal",
        year: 2023,
        title: "Stochastic batch acquisition: a simple baseline for deep active learning",
        where: "TMLR",
      },
    ],
    differences: [
      "The uncertainty is that of margin, 1 − (p1 − p2).",
      "The variant that draws by rank is left out: it needs the ranks of the whole pool.",
    ],
  }),
  claims: { random: true, inclusion: false, embeddingInvariance: true },
};
