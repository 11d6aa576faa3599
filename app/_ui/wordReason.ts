import type { ServedReason } from "@/contracts/items";
import { formatNumber, formatPercent } from "./format";

/** Why an item was chosen, for people: one sentence, and the numbers behind it. */
export interface WordedReason {
  sentence: string;
  /** Short facts for one line: strategy, rank, model version. */
  facts: string[];
  /** All there is, as name and value. */
  details: [string, string][];
}

const MEASURES: Record<string, string> = {
  margin: "margin between the two likeliest labels",
  entropy: "entropy of the prediction",
  "least-confidence": "doubt about the likeliest label",
};
/** Smaller shares would be rounded to 0 %. */
const LEAST_SHARE = 0.0005;
const PURPOSES: Record<ServedReason["purpose"], string> = {
  train: "teach the model",
  audit: "measure the model: drawn at random, not used for training until it has served",
  test: "test the model: never used for training",
  compare: "compare strategies",
  relabel: "check an earlier label",
  gold: "check against a known answer",
};

/**
 * Words for why an item was served. Ranks are counted from 0 in the data and from 1 on screen. `classTitles` are the project's labels in order; strategies name classes by position.
 * Unknown kinds of reason fall back to the strategy's name, never to nothing.
 */
export function wordReason(served: ServedReason, classTitles: readonly string[]): WordedReason {
  const reasons = listReasons(served.reason);
  const own = sentenceOf(reasons, served, classTitles);
  const sentence = served.isFallback
    ? `${own.replace(/\.$/, "")} (fallback: the strategy itself could not offer enough items).`
    : own;
  const arm = reasons.find((reason) => reason.code === "arm")?.arm;
  const by = typeof arm === "string" ? `${served.strategy} through ${arm.split("#")[0]}` : served.strategy;
  const facts = [by, `#${formatNumber(served.rank + 1)} of round ${formatNumber(served.round)}`];
  if (served.modelVersion !== null) facts.push(`model v${served.modelVersion}`);
  return { sentence, facts, details: detailsOf(served, reasons) };
}

type Reason = Record<string, unknown> & { code: string };

function listReasons(value: unknown): Reason[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter(
    (each): each is Reason => typeof each === "object" && each !== null && typeof each.code === "string",
  );
}

function sentenceOf(reasons: Reason[], served: ServedReason, titles: readonly string[]): string {
  if (served.purpose === "audit") return "Drawn at random, to measure how good the model is.";
  for (const reason of reasons) {
    const words = wordOne(reason, titles);
    if (words !== null) return words;
  }
  if (served.purpose === "relabel") return "Shown again, to check an earlier label.";
  if (served.percentile !== null) {
    return `Scored higher by “${served.strategy}” than ${ofPool(served.percentile)}.`;
  }
  return `Chosen by “${served.strategy}”.`;
}

function wordOne(reason: Reason, titles: readonly string[]): string | null {
  switch (reason.code) {
    case "uncertain":
      return wordUncertain(reason, titles);
    case "farFromLabelled": {
      const percentile = numberOf(reason.percentile);
      if (numberOf(reason.distance) === null) return "The first of its kind: nothing has been labelled yet.";
      return percentile === null
        ? "Unlike anything labelled so far."
        : `Further from everything labelled so far than ${ofPool(percentile)}.`;
    }
    case "largestCluster": {
      const share = numberOf(reason.clusterShare);
      if (share === null) return "The first of its kind: nothing has been labelled yet.";
      return `The most unusual of ${formatNumber(numberOf(reason.clusterSize) ?? 1)} items around one labelled item; ${formatPercent(share, 0)} of what the model has not seen lies there.`;
    }
    case "predictiveVariance":
      return "The model's prediction is among the least certain, given what is labelled and picked already.";
    case "lowersVariance":
      return "Its label would lower the model's mean uncertainty most.";
    case "balancesPool":
      return "Brings the labelled items closest to the make-up of the whole pool.";
    case "represents": {
      const size = numberOf(reason.clusterSize);
      const labelled = numberOf(reason.labelledInCluster);
      if (size === null || size <= 1) return "Stands alone: no group of similar items.";
      if (labelled === null) return `One of ${formatNumber(size)} similar items.`;
      return `Typical of ${formatNumber(size)} similar items, ${labelled === 0 ? "none" : formatNumber(labelled)} of them labelled.`;
    }
    case "covers":
      return `Has ${formatNumber(numberOf(reason.newItems) ?? 1)} items near it that nothing labelled is near to yet; with it ${formatPercent(numberOf(reason.coverageAfter) ?? 0, 0)} of the pool are covered.`;
    case "gradient":
      return numberOf(reason.distance) === null
        ? "Its answer would change the model most."
        : "Its answer would change the model in a way that no other pick of the round does.";
    case "information":
      return wordInformation(reason);
    case "flipShare": {
      const share = numberOf(reason.share) ?? 0;
      if (share >= 1) return "No nudge of the model that was tried changes its answer here.";
      return `Nudging the model so that its answer here changes would change ${share < LEAST_SHARE ? "next to none" : formatPercent(share)} of all answers.`;
    }
    case "spread":
      return numberOf(reason.distance) === null ? null : "Unlike the other picks of the round.";
    case "disagreement":
      return `Models that fit the labels equally well disagree here${rankOf(reason)}.`;
    case "nearBoundary":
      return wordBoundary(reason, titles);
    case "dense":
      return `Like many other items: ${formatPercent(numberOf(reason.similarity) ?? 0, 0)} mean similarity to the pool.`;
    case "drawn":
      return `Drawn at random with a chance of ${formatPercent(numberOf(reason.inclusion) ?? 0)}.`;
    case "random":
      return "Drawn at random.";
    case "arm":
      return null;
    case "likelyPositive":
      return wordLikelyPositive(reason, titles);
    case "classBoundary":
      return `Lies where items turn from ${titleOf(reason.class, titles)} to other labels.`;
    case "likeExample":
      return `Resembles an item that is labelled ${titleOf(reason.class, titles)}.`;
    case "perCost":
      return "Worth much for what labelling it costs.";
    case "quota":
      return wordQuota(reason, titles);
    case "audit":
      return "Drawn at random, to measure how good the model is.";
    default:
      return null;
  }
}

/** A share of the pool that something exceeds. Nothing exceeds all of it, itself included: never 100 %. */
function ofPool(share: number): string {
  return Math.round(share * 100) >= 100 ? "nearly all of the pool" : `${formatPercent(share, 0)} of the pool`;
}

/** Shares of two labels; with one decimal where whole numbers would look alike. */
function pairPercent(shares: readonly number[]): string[] {
  const whole = shares.map((share) => formatPercent(share, 0));
  return whole.length === 2 && whole[0] === whole[1] ? shares.map((share) => formatPercent(share, 1)) : whole;
}

function rankOf(reason: Reason): string {
  const percentile = numberOf(reason.percentile);
  return percentile === null ? "" : `, more than on ${ofPool(percentile)}`;
}

function wordBoundary(reason: Reason, titles: readonly string[]): string {
  if (numberOf(reason.distance) === null) return "The model has no border between labels to go by here.";
  const { between } = reason;
  if (!Array.isArray(between)) return `Lies close to the border between two labels${rankOf(reason)}.`;
  return `Lies close to the border between ${titleOf(between[0], titles)} and ${titleOf(between[1], titles)}.`;
}

function wordInformation(reason: Reason): string {
  const percentile = numberOf(reason.percentile);
  const rank = percentile === null ? "" : `, more than ${ofPool(percentile)} at the start`;
  switch (reason.criterion) {
    case "log-determinant":
      return "Uncertain, and unlike the other picks of the round.";
    case "labels":
      return "The answers to this batch together would tell most about which model is right.";
    case "targets":
      return `Its answer would tell most about the answers on ordinary items${rankOf(reason)}.`;
    case "fisher":
      return `Its answer would tell the model much about the whole pool${rank}.`;
    default:
      return `Its answer would settle much about the items like it${rank}.`;
  }
}

function wordUncertain(reason: Reason, titles: readonly string[]): string {
  const top = Array.isArray(reason.top2) ? reason.top2.filter(isPair) : [];
  const shares = pairPercent(top.map(([, share]) => share));
  const named = top.map(([index], i) => `${titles[index] ?? `label ${index + 1}`} ${shares[i]}`);
  const percentile = numberOf(reason.percentile);
  const rank = percentile === null ? "" : `, less sure than on ${ofPool(percentile)}`;
  if (named.length === 2) return `The model wavers between ${named[0]} and ${named[1]}${rank}.`;
  return `The model is unsure${rank}.`;
}

function titleOf(index: unknown, titles: readonly string[]): string {
  const at = numberOf(index) ?? 0;
  return titles[at] ?? `label ${at + 1}`;
}

function wordLikelyPositive(reason: Reason, titles: readonly string[]): string {
  const probability = numberOf(reason.probability);
  const share = probability === null ? "" : ` (${formatPercent(probability, 0)})`;
  return `Looks like ${titleOf(reason.class, titles)}${share}, of which more examples are wanted.`;
}

function wordQuota(reason: Reason, titles: readonly string[]): string {
  const group =
    reason.by === "predictedClass" ? titleOf(reason.stratum, titles) : `group ${(numberOf(reason.stratum) ?? 0) + 1}`;
  return `Keeps ${group} at its share of ${formatPercent(numberOf(reason.target) ?? 0, 0)} of the labels.`;
}

function detailsOf(served: ServedReason, reasons: Reason[]): [string, string][] {
  const details: [string, string][] = [
    ["Strategy", served.isFallback ? `${served.strategy} (fallback)` : served.strategy],
    ["Purpose", PURPOSES[served.purpose]],
    ["Round", formatNumber(served.round)],
    ["Rank in the round", formatNumber(served.rank + 1)],
  ];
  const measure = reasons.find((reason) => reason.code === "uncertain")?.measure;
  if (typeof measure === "string") details.push(["Measure", MEASURES[measure] ?? measure]);
  const arm = reasons.find((reason) => reason.code === "arm");
  if (arm !== undefined) details.push(...armDetails(arm));
  if (served.score !== null) details.push(["Score", formatNumber(served.score, 4)]);
  if (served.percentile !== null) details.push(["Percentile in the pool", formatPercent(served.percentile)]);
  if (served.inclusion !== null) details.push(["Probability of being drawn", formatPercent(served.inclusion, 3)]);
  details.push(["Model version", served.modelVersion === null ? "none yet" : `v${served.modelVersion}`]);
  return details;
}

/** Which strategy of several nominated the item, and how sure that choice was. */
function armDetails(arm: Reason): [string, string][] {
  const details: [string, string][] = [["Nominated by", String(arm.arm)]];
  const rank = numberOf(arm.rank);
  if (rank !== null) details.push(["Rank there", formatNumber(rank + 1)]);
  const probability = numberOf(arm.probability);
  if (probability !== null) details.push(["Chance of that strategy", formatPercent(probability, 0)]);
  const others = Array.isArray(arm.others) ? arm.others : [];
  details.push(["Wanted by others too", others.length === 0 ? "no" : others.join(", ")]);
  return details;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && typeof value[0] === "number" && typeof value[1] === "number";
}
