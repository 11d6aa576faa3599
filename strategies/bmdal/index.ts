import type { Source, Strategy } from "../core/types";
import { regressionStrategy } from "./regressionStrategy";

/** Strategies for number labels: the selection methods of the framework on the features a model gives. */

const FRAMEWORK: Source = {
  authors: "Holzmüller, Zaverkin, Kästner & Steinwart",
  year: 2023,
  title: "A framework and benchmark for deep batch active learning for regression",
  where: "JMLR 24(164)",
};

const DISTANCE = { name: "squared distance to the nearest labelled or earlier picked item", better: "higher" } as const;
const VARIANCE = { name: "variance of the prediction given what is selected, plus noise", better: "higher" } as const;
const PASSES = "time O((batch + labelled)·n·d), less where lower bounds spare rows; memory O(n·d)";
const NO_FILL =
  "Where the method has nothing left to choose by, the rest is drawn at random and the result says so; the released code only logs it.";
const CLAMPED = "Squared distances are kept at or above 0; `clampDistances: false` gives the released code's rounding.";
const PENDING = "Items whose answers are pending count as labelled.";
const NEEDS_GOOD_FEATURES =
  "When the vectors say nothing about the model: use its gradient sketch or last hidden layer where there is one.";

const lcmdTp = regressionStrategy({
  id: "lcmd-tp",
  method: "lcmd",
  mode: "tp",
  title: "Largest cluster, maximum distance",
  summary: "Groups the pool around what is labelled and picks the farthest item of the group that weighs most.",
  whenToUse: "For number labels, as the first choice: best or close to best on average over published benchmarks.",
  whenNot: NEEDS_GOOD_FEATURES,
  score: DISTANCE,
  defaults: { posterior: "none", scale: false },
  costFormula: PASSES,
  sources: [FRAMEWORK],
  differences: [CLAMPED, NO_FILL, PENDING],
});

const lcmdP = regressionStrategy({
  id: "lcmd-p",
  method: "lcmd",
  mode: "p",
  title: "Largest cluster, from nothing",
  summary: "As largest cluster, maximum distance, but starting from nothing instead of from what is labelled.",
  whenToUse: "For a first batch, or on features that the labels were worked into already.",
  whenNot: "When there are labels: it does not see them unless the features do.",
  score: DISTANCE,
  defaults: { posterior: "none", scale: false },
  costFormula: PASSES,
  sources: [FRAMEWORK],
  differences: [CLAMPED, NO_FILL],
});

const maxDistTp = regressionStrategy({
  id: "maxdist-tp",
  method: "maxdist",
  mode: "tp",
  title: "Maximum distance",
  summary: "Picks, one after the other, the item farthest from everything labelled or picked so far.",
  whenToUse: "When the largest error matters more than the mean error.",
  whenNot: "Pools with outliers or junk: they are far from everything and come first.",
  score: DISTANCE,
  defaults: { posterior: "none", scale: false },
  costFormula: PASSES,
  sources: [FRAMEWORK, { authors: "Sener & Savarese", year: 2018, title: "A core-set approach", where: "ICLR" }],
  differences: [CLAMPED, NO_FILL, PENDING, "Picks what k-center greedy picks; distances are not shifted first."],
});

const maxDistP = regressionStrategy({
  id: "maxdist-p",
  method: "maxdist",
  mode: "p",
  title: "Maximum distance, from nothing",
  summary: "As maximum distance, but starting from the item with the longest vector instead of from what is labelled.",
  whenToUse: "For a first batch that covers the pool.",
  whenNot: "When there are labels: it does not see them.",
  score: DISTANCE,
  defaults: { posterior: "none", scale: false },
  costFormula: PASSES,
  sources: [FRAMEWORK],
  differences: [CLAMPED, NO_FILL],
});

const kMeansPpTp = regressionStrategy({
  id: "kmeanspp-tp",
  method: "kmeanspp",
  mode: "tp",
  title: "K-means++ seeding",
  summary: "Draws items with probability proportional to their squared distance from what is labelled or picked.",
  whenToUse: "For batches that should be spread and yet not follow outliers strictly.",
  whenNot: NEEDS_GOOD_FEATURES,
  score: DISTANCE,
  defaults: { posterior: "none", scale: false },
  costFormula: PASSES,
  sources: [
    FRAMEWORK,
    { authors: "Ash et al.", year: 2020, title: "Deep batch active learning (BADGE)", where: "ICLR" },
  ],
  differences: [CLAMPED, NO_FILL, PENDING, "Draws are keyed by the run's seed and taken by cumulative weights."],
});

const kMeansPpP = regressionStrategy({
  id: "kmeanspp-p",
  method: "kmeanspp",
  mode: "p",
  title: "K-means++ seeding, from nothing",
  summary: "As k-means++ seeding, but starting from one item drawn at random instead of from what is labelled.",
  whenToUse: "On the posterior of the features (`posterior: train`), which is BADGE for numbers.",
  whenNot: "With labels and raw features: it does not see the labels.",
  score: DISTANCE,
  defaults: { posterior: "none", scale: false },
  costFormula: PASSES,
  sources: [FRAMEWORK],
  differences: [CLAMPED, NO_FILL],
});

const maxDetP = regressionStrategy({
  id: "maxdet-p",
  method: "maxdet",
  mode: "p",
  title: "Maximum determinant",
  summary: "Picks, one after the other, the item the model is least certain of given all labels and earlier picks.",
  whenToUse: "When the largest errors matter most; batches stay diverse because picks lower each other's variance.",
  whenNot: "Data with outliers, and when the mean error matters: there the largest cluster is better.",
  score: VARIANCE,
  defaults: { posterior: "train", scale: true },
  costFormula: "time O(n·batch·d + n·d²) at worst; memory O(n·d) in double",
  sources: [FRAMEWORK, { authors: "Kirsch, van Amersfoort & Gal", year: 2019, title: "BatchBALD", where: "NeurIPS" }],
  differences: [
    NO_FILL,
    PENDING,
    "Explicit features keep one vector per pick instead of a Cholesky column; same picks.",
  ],
});

const maxDetTp = regressionStrategy({
  id: "maxdet-tp",
  method: "maxdet",
  mode: "tp",
  title: "Maximum determinant, labels first",
  summary: "As maximum determinant, with the labelled items selected first instead of worked into the kernel.",
  whenToUse: "To check maximum determinant: both pick the same.",
  whenNot: "With many labels: it costs a vector per label where the posterior costs one factor.",
  score: VARIANCE,
  defaults: { posterior: "none", scale: true },
  costFormula: "time O(n·(batch + labelled)·d) at worst; memory O((n + labelled)·d) in double",
  sources: [FRAMEWORK],
  differences: [NO_FILL, PENDING],
});

const maxDiag = regressionStrategy({
  id: "maxdiag",
  method: "maxdiag",
  mode: "p",
  title: "Maximum variance",
  summary: "Picks the items whose prediction has the largest variance, each on its own.",
  whenToUse: "Batches of one.",
  whenNot: "Any larger batch: near copies of one uncertain item fill it.",
  warning: "Worse than random picks on mean error in every published comparison with large batches.",
  score: VARIANCE,
  defaults: { posterior: "train", scale: true },
  costFormula: "time O(n·d²); memory O(n·d) in double",
  sources: [FRAMEWORK, { authors: "Houlsby et al.", year: 2011, title: "BALD", where: "arXiv 1112.5745" }],
  differences: ["Listed most uncertain first; `order: published` lists them last as the released code does.", PENDING],
});

const baitF = regressionStrategy({
  id: "bait-f-p",
  method: "bait-f",
  mode: "p",
  title: "BAIT, forward",
  summary: "Picks, one after the other, the item whose label would lower the mean uncertainty over the pool most.",
  whenToUse: "When accuracy in the tails counts and the pool is not too large.",
  whenNot: "Pools of hundreds of thousands under time pressure.",
  score: { name: "decrease of the summed posterior variance", better: "higher" },
  defaults: { posterior: "train", scale: true },
  costFormula: "time O(n·d² + batch·n·d); memory O(n·d) in double",
  sources: [
    FRAMEWORK,
    { authors: "Ash, Goel, Krishnamurthy & Kakade", year: 2021, title: "Gone fishing (BAIT)", where: "NeurIPS" },
  ],
  differences: [
    "Keeps two d×d matrices and reads the features; the released code rewrites all features at every pick. Same picks.",
    NO_FILL,
    PENDING,
  ],
});

const baitFb = regressionStrategy({
  id: "bait-fb-p",
  method: "bait-fb",
  mode: "p",
  title: "BAIT, forward and backward",
  summary: "As BAIT, but picks twice as many items and then removes those that help least.",
  whenToUse: "As BAIT, where three times its time is no matter; published results are about the same.",
  whenNot: "Large pools.",
  score: { name: "decrease of the summed posterior variance when it was picked", better: "higher" },
  defaults: { posterior: "train", scale: true },
  costFormula: "time O(n·d² + 3·batch·n·d); memory O(n·d) in double",
  sources: [
    FRAMEWORK,
    { authors: "Ash, Goel, Krishnamurthy & Kakade", year: 2021, title: "Gone fishing (BAIT)", where: "NeurIPS" },
  ],
  differences: [NO_FILL, PENDING],
});

const fwP = regressionStrategy({
  id: "fw-p",
  method: "fw",
  mode: "p",
  title: "Frank–Wolfe coreset",
  summary: "Picks the items whose weighted sum comes closest to the sum over the whole pool.",
  whenToUse: "When the batch should have the make-up of the pool.",
  whenNot: "When there are labels: it does not see them unless the features do.",
  score: { name: "inner product with what is missing of the pool's sum", better: "higher" },
  defaults: { posterior: "none", scale: false },
  costFormula: "time O(batch·n·d); memory O(n·d)",
  sources: [
    FRAMEWORK,
    { authors: "Pinsler et al.", year: 2019, title: "Bayesian batch active learning", where: "NeurIPS" },
  ],
  differences: ["A picked item is not picked again; the original allows it and weighs it twice.", PENDING],
});

export const regressionStrategies: readonly Strategy[] = [
  ...[lcmdTp, lcmdP, maxDistTp, maxDistP, kMeansPpTp, kMeansPpP],
  ...[maxDetP, maxDetTp, maxDiag, baitF, baitFb, fwP],
];
