import { describe, expect, it } from "vitest";
import { wordNotice } from "./wordNotice";

describe("wordNotice", () => {
  it("says what happened, with the numbers", () => {
    expect(wordNotice({ code: "ROWS_WITHOUT_VECTOR", count: 3, filled: 0 })).toBe(
      "3 items without a vector were not ranked.",
    );
    expect(wordNotice({ code: "ROWS_WITHOUT_VECTOR", count: 1, filled: 0 })).toBe(
      "1 item without a vector was not ranked.",
    );
    expect(wordNotice({ code: "FEWER_THAN_ASKED", level: "warning", asked: 50, got: 7 })).toBe(
      "7 of the 50 items asked for: no more are left.",
    );
  });
  it("says when a search for perturbations was cut short, and why", () => {
    const capped = { code: "HYPOTHESES_CAPPED", level: "warning", used: 64, asked: 256 };
    expect(wordNotice({ ...capped, by: "memory" })).toContain("64 of 256");
    expect(wordNotice({ ...capped, by: "option" })).toContain("limit");
    expect(wordNotice({ code: "LABELS_NEVER_CHANGED", level: "warning", count: 30, scored: 90 })).toContain("30 of 90");
  });
  it("words what strategies that choose among strategies have to say", () => {
    const word = (code: string, details: object) => wordNotice({ code, level: "warning", ...details });
    expect(word("ARM_LEFT_OUT", { arm: "emal", why: "taskKind" })).toBe(
      "“emal” took no part: it does not fit this kind of labels.",
    );
    expect(word("ARM_EXHAUSTED", { arm: "badge", slots: 3 })).toContain("3 of its places went to others");
    expect(word("SERVED_AT_RANDOM", { count: 5, why: "noExamples" })).toContain("there are no examples");
    expect(word("ONE_AT_A_TIME", { asked: 9 })).toContain("instead of 9");
    expect(word("STRATUM_EXHAUSTED", { stratum: 0, missing: 2 })).toBe("Group 1 fell 2 items short.");
  });
  it("shows codes it does not know, and plain text, as they are", () => {
    expect(wordNotice({ code: "NEW_ONE", level: "warning", count: 2 })).toBe("NEW_ONE, count 2");
    expect(wordNotice("in words already")).toBe("in words already");
  });
});
