import { describe, expect, it } from "vitest";
import type { ServedReason } from "@/contracts/items";
import { wordReason } from "./wordReason";

const TITLES = ["Ham", "Spam"];
function served(fields: Partial<ServedReason>): ServedReason {
  return {
    round: 8,
    strategy: "margin",
    purpose: "train",
    rank: 12,
    score: 0.0431,
    percentile: 0.97,
    inclusion: null,
    modelVersion: 5,
    isFallback: false,
    reason: [],
    ...fields,
  };
}

describe("wordReason", () => {
  it("says between which labels the model wavers, and how that compares", () => {
    const reason = [
      {
        code: "uncertain",
        measure: "margin",
        value: 0.04,
        percentile: 0.97,
        top2: [
          [1, 0.52],
          [0, 0.48],
        ],
      },
    ];
    const worded = wordReason(served({ reason }), TITLES);
    expect(worded.sentence).toBe(
      "The model wavers between Spam 52\u202f% and Ham 48\u202f%, less sure than on 97\u202f% of the pool.",
    );
    expect(worded.facts).toEqual(["margin", "#13 of round 8", "model v5"]);
    expect(worded.details).toContainEqual(["Score", "0.0431"]);
  });

  it("tells two equal shares apart, and never exceeds the whole pool", () => {
    const reason = (shares: [number, number]) => [
      {
        code: "uncertain",
        measure: "margin",
        value: 0,
        percentile: 0.9991,
        top2: [
          [1, shares[0]],
          [0, shares[1]],
        ],
      },
    ];
    expect(wordReason(served({ reason: reason([0.504, 0.496]) }), TITLES).sentence).toBe(
      "The model wavers between Spam 50.4\u202f% and Ham 49.6\u202f%, less sure than on nearly all of the pool.",
    );
    expect(wordReason(served({ reason: reason([0.61, 0.39]) }), TITLES).sentence).toContain("Spam 61\u202f% and");
  });

  it("never hides that an item came from a fallback", () => {
    const worded = wordReason(served({ isFallback: true, reason: [{ code: "random" }] }), TITLES);
    expect(worded.sentence).toContain("fallback");
    expect(worded.details[0]).toEqual(["Strategy", "margin (fallback)"]);
  });

  it("words every kind of reason", () => {
    const words = (reason: unknown, fields: Partial<ServedReason> = {}) =>
      wordReason(served({ reason, ...fields }), TITLES).sentence;
    expect(words([{ code: "represents", cluster: 1, clusterSize: 240, labelledInCluster: 2, typicality: 3 }])).toBe(
      "Typical of 240 similar items, 2 of them labelled.",
    );
    expect(words([{ code: "farFromLabelled", distance: 0.8, nearest: 4, percentile: 0.9 }])).toContain("90\u202f%");
    expect(words([{ code: "farFromLabelled", distance: null, nearest: null, percentile: null }])).toContain(
      "first of its kind",
    );
    expect(words([{ code: "audit", frameRemaining: 10 }], { purpose: "audit" })).toContain("measure");
    expect(words([{ code: "random" }])).toBe("Drawn at random.");
    expect(words([{ code: "represents", cluster: 1, clusterSize: 9, labelledInCluster: null, typicality: null }])).toBe(
      "One of 9 similar items.",
    );
    expect(words([{ code: "covers", newItems: 12, radius: 0.4, coverageBefore: 0.2, coverageAfter: 0.35 }])).toBe(
      "Has 12 items near it that nothing labelled is near to yet; with it 35\u202f% of the pool are covered.",
    );
    expect(words([{ code: "gradient", norm: 2, distance: null, nearest: null }])).toContain("change the model most");
    expect(words([{ code: "gradient", norm: 2, distance: 1, nearest: 3 }])).toContain("no other pick");
    expect(words([{ code: "information", criterion: "fisher", gain: 0.1, percentile: 0.9 }])).toContain("90\u202f%");
    expect(words([{ code: "information", criterion: "log-determinant", gain: 0.1, percentile: null }])).toContain(
      "unlike the other picks",
    );
    expect(words([{ code: "flipShare", share: 0.013, percentile: 0.98, margin: 0.1 }])).toBe(
      "Nudging the model so that its answer here changes would change 1.3\u202f% of all answers.",
    );
    expect(words([{ code: "flipShare", share: 1, percentile: 0.1, margin: 0.9 }])).toContain("No nudge");
    expect(words([{ code: "spread", weight: 1, distance: 0.4 }])).toContain("Unlike the other picks");
    expect(words([{ code: "disagreement", measure: "bald", value: 0.2, percentile: 0.9, samples: 16 }])).toBe(
      "Models that fit the labels equally well disagree here, more than on 90\u202f% of the pool.",
    );
    expect(words([{ code: "nearBoundary", distance: 0.1, between: [0, 1], percentile: null }])).toContain(
      "Ham and Spam",
    );
    expect(words([{ code: "nearBoundary", distance: null, between: null, percentile: null }])).toContain("no border");
    expect(words([{ code: "information", criterion: "labels", gain: 0.1, percentile: null }])).toContain("together");
    expect(words([{ code: "information", criterion: "targets", gain: 0.1, percentile: 1 }])).toContain(
      "ordinary items",
    );
    expect(words([{ code: "dense", similarity: 0.5, percentile: null }])).toContain("50\u202f%");
    expect(words([{ code: "drawn", inclusion: 0.25 }])).toContain("chance of 25");
    expect(words([{ code: "likelyPositive", class: 1, probability: 0.8, percentile: 1 }])).toBe(
      "Looks like Spam (80\u202f%), of which more examples are wanted.",
    );
    expect(words([{ code: "classBoundary", class: 0, gap: 4, rule: "cut" }])).toContain("from Ham");
    expect(words([{ code: "likeExample", nearest: 4, class: 1, similarity: 0.9 }])).toContain("labelled Spam");
    expect(words([{ code: "perCost", measure: "margin", value: 1, cost: 2, percentile: null }])).toContain("costs");
    expect(words([{ code: "quota", by: "predictedClass", stratum: 1, target: 0.5, have: 0.1 }])).toContain(
      "Keeps Spam",
    );
    expect(words([{ code: "quota", by: "group", stratum: 1, target: 0.5, have: null }])).toContain("group 2");
  });

  it("says which strategy of several nominated an item, and words that strategy's own reason", () => {
    const arm = { code: "arm", arm: "galaxy", slot: 3, rank: 0, probability: 0.42, reward: 1, expectedReward: 1 };
    const worded = wordReason(
      served({
        reason: [
          { ...arm, others: ["margin"] },
          { code: "classBoundary", class: 0, gap: 4, rule: "cut" },
        ],
      }),
      TITLES,
    );
    expect(worded.sentence).toContain("from Ham");
    expect(worded.details).toContainEqual(["Nominated by", "galaxy"]);
    expect(worded.details).toContainEqual(["Chance of that strategy", "42\u202f%"]);
    expect(worded.details).toContainEqual(["Wanted by others too", "margin"]);
  });

  it("falls back to the strategy's name for reasons it does not know", () => {
    expect(wordReason(served({ reason: [{ code: "new" }] }), TITLES).sentence).toContain("“margin”");
    expect(wordReason(served({ reason: null, percentile: null }), TITLES).sentence).toBe("Chosen by “margin”.");
    expect(wordReason(served({ reason: {} }), TITLES).sentence).toContain("97\u202f%");
  });
});
