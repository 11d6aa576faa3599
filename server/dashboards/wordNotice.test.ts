import { describe, expect, it } from "vitest";
import { wordNotice } from "./wordNotice";

describe("wordNotice", () => {
  it("says what happened, with the numbers", () => {
    expect(wordNotice({ code: "ROWS_WITHOUT_VECTOR", count: 3, filled: 0 })).toBe(
      "3 items have no vector and were not ranked.",
    );
    expect(wordNotice({ code: "FEWER_THAN_ASKED", level: "warning", asked: 50, got: 7 })).toBe(
      "7 of the 50 items asked for: no more are left.",
    );
  });
  it("shows codes it does not know, and plain text, as they are", () => {
    expect(wordNotice({ code: "NEW_ONE", level: "warning", count: 2 })).toBe("NEW_ONE, count 2");
    expect(wordNotice("in words already")).toBe("in words already");
  });
});
