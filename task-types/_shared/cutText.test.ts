import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutText } from "./cutText";

describe("cutText", () => {
  it("leaves texts of ordinary length whole", () => {
    expect(cutText("one\ntwo")).toEqual(["one\ntwo"]);
    expect(cutText("")).toEqual([""]);
  });

  it("cuts long texts on line breaks, which the blocks then make themselves", () => {
    const line = "x".repeat(900);
    const text = Array.from({ length: 60 }, () => line).join("\n");
    const parts = cutText(text);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.join("\n")).toBe(text);
  });

  it("loses no character of any text and never cuts a surrogate pair", () => {
    const word = fc.constantFrom("a", "bc ", "\n", "😀", "𝒳", "x".repeat(3_000));
    fc.assert(
      fc.property(fc.array(word, { minLength: 20, maxLength: 60 }), (words) => {
        const text = words.join("").repeat(3);
        const parts = cutText(text);
        const strip = (s: string) => s.replaceAll("\n", "");
        expect(strip(parts.join(""))).toBe(strip(text));
        for (const part of parts) expect(() => encodeURIComponent(part)).not.toThrow();
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});
