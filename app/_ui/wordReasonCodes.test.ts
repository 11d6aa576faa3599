import { expect, it } from "vitest";
import type { ServedReason } from "@/contracts/items";
import type { Reason } from "@/strategies";
import { wordReason } from "./wordReason";

/** One reason of every kind that strategies give: a kind without a line here does not compile. */
const REASONS: { [C in Reason["code"]]: Extract<Reason, { code: C }> } = {
  uncertain: {
    code: "uncertain",
    measure: "margin",
    value: 0.1,
    percentile: 0.9,
    top2: [
      [0, 0.5],
      [1, 0.4],
    ],
  },
  farFromLabelled: { code: "farFromLabelled", distance: 1, nearest: 3, percentile: 0.9 },
  represents: { code: "represents", cluster: 1, clusterSize: 12, labelledInCluster: 0, typicality: 2 },
  covers: { code: "covers", newItems: 4, radius: 1, coverageBefore: 0.2, coverageAfter: 0.3 },
  gradient: { code: "gradient", norm: 1, distance: 2, nearest: 4 },
  information: { code: "information", criterion: "fisher", gain: 1, percentile: 0.9 },
  dense: { code: "dense", similarity: 0.4, percentile: 0.9 },
  flipShare: { code: "flipShare", share: 0.02, percentile: 0.9, margin: 0.1 },
  spread: { code: "spread", weight: 0.5, distance: 0.7 },
  disagreement: { code: "disagreement", measure: "bald", value: 0.2, percentile: 0.9, samples: 8 },
  nearBoundary: { code: "nearBoundary", distance: 0.1, between: [0, 1], percentile: 0.9 },
  drawn: { code: "drawn", inclusion: 0.2 },
  likelyPositive: { code: "likelyPositive", class: 1, probability: 0.8, percentile: 0.9 },
  classBoundary: { code: "classBoundary", class: 1, gap: 5, rule: "cut" },
  likeExample: { code: "likeExample", nearest: 4, class: 0, similarity: 0.8 },
  arm: {
    ...{ code: "arm", arm: "margin", slot: 3, rank: 2, probability: 0.6 },
    ...{ reward: 0.4, expectedReward: 0.3, others: ["badge"] },
  },
  quota: { code: "quota", by: "predictedClass", stratum: 1, target: 0.5, have: 0.2 },
  largestCluster: { code: "largestCluster", distance: 1, nearest: 2, clusterSize: 30, clusterShare: 0.2 },
  predictiveVariance: { code: "predictiveVariance", variance: 2 },
  lowersVariance: { code: "lowersVariance", gain: 1 },
  balancesPool: { code: "balancesPool", gain: 1 },
  perCost: { code: "perCost", measure: "margin", value: 0.3, cost: 4, percentile: 0.9 },
  random: { code: "random" },
  audit: { code: "audit", frameRemaining: 10 },
};
/** Says how the item was nominated; the sentence comes from the reason beside it. */
const DETAILS_ONLY = ["arm"];

function served(reason: readonly Reason[]): ServedReason {
  return {
    ...{ strategy: "TAILOR", round: 2, rank: 0, score: 0.3, percentile: null, inclusion: null },
    ...{ modelVersion: 4, reason, purpose: "train" as const, isFallback: false },
  };
}

it.each(Object.values(REASONS))("words $code", (reason) => {
  const { sentence } = wordReason(served([reason]), ["ham", "spam"]);
  if (DETAILS_ONLY.includes(reason.code)) expect(sentence).toBe("Chosen by “TAILOR”.");
  else expect(sentence).not.toContain("Chosen by");
  expect(sentence).toMatch(/\.$/);
  expect(sentence).not.toMatch(/undefined|NaN|null/);
});

it("says through which arm an item came, and why that arm wanted it", () => {
  const { sentence, facts, details } = wordReason(served([REASONS.arm, REASONS.likelyPositive]), ["ham", "spam"]);
  expect(sentence).toContain("Looks like spam");
  expect(facts[0]).toBe("TAILOR through margin");
  expect(details).toContainEqual(["Nominated by", "margin"]);
});
