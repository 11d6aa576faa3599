import { describe, expect, it } from "vitest";
import { choiceConsensus } from "./metrics";

const values = (...choices: string[]) => choices.map((choice) => ({ choice }));

describe("choiceConsensus", () => {
  it("takes the majority", () => {
    expect(choiceConsensus(values("a", "b", "b"))).toEqual({ value: { choice: "b" }, agreement: 1 / 3 });
  });
  it("gives a tie to the label that was given first", () => {
    expect(choiceConsensus(values("b", "a", "a", "b")).value).toEqual({ choice: "b" });
  });
  it("has no agreement for one opinion and refuses none at all", () => {
    expect(choiceConsensus(values("a"))).toEqual({ value: { choice: "a" }, agreement: null });
    expect(() => choiceConsensus([])).toThrow(RangeError);
  });
});
