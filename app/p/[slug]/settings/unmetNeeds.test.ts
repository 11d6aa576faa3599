import { describe, expect, it } from "vitest";
import type { StrategyView } from "./strategyView";
import { unmetNeeds } from "./unmetNeeds";

const MARGIN = { needs: { arrays: ["probabilities"] }, taskKinds: ["single-label"] } as unknown as StrategyView;
const K_CENTER = {
  needs: { arrays: ["embeddings", "labels"], minLabels: 5 },
  taskKinds: ["single-label", "regression"],
} as unknown as StrategyView;
const READY = { hasModel: true, hasVectors: true, nLabels: 100, target: "classes" } as const;

describe("unmetNeeds", () => {
  it("finds nothing missing where everything is there, or where the strategy is not known", () => {
    expect(unmetNeeds(MARGIN, READY)).toEqual([]);
    expect(unmetNeeds(K_CENTER, READY)).toEqual([]);
    expect(unmetNeeds(undefined, READY)).toEqual([]);
  });
  it("names what is missing, each in a sentence", () => {
    expect(unmetNeeds(MARGIN, { ...READY, hasModel: false })).toEqual([
      "It needs predictions, and no model has been trained yet.",
    ]);
    expect(unmetNeeds(K_CENTER, { ...READY, hasVectors: false, nLabels: 2 })).toEqual([
      "It needs vectors of the items, and none have been computed yet.",
      "It needs 5 labels, and there are 2.",
    ]);
    expect(unmetNeeds(MARGIN, { ...READY, target: "number" })).toEqual(["It is not made for this kind of task."]);
  });
});
