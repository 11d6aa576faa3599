import { describe, expect, it } from "vitest";
import { kindOf, missingOptions, parseNumbers, stepOf, wordsOf } from "./optionSchema";

describe("options of a registry as a form", () => {
  it("draws each kind as what it is, and what it does not know as JSON", () => {
    expect(kindOf({ type: "boolean" })).toBe("switch");
    expect(kindOf({ type: "string", enum: ["a", "b"] })).toBe("oneOf");
    expect(kindOf({ type: "integer" })).toBe("number");
    expect(kindOf({ type: "array", items: { type: "integer" } })).toBe("numbers");
    expect(kindOf({ type: "object" })).toBe("json");
    expect(kindOf({})).toBe("json");
  });
  it("takes the registry's words, else its own, else the name in words", () => {
    expect(wordsOf("l2", { title: "Ridge", description: "why" })).toEqual({ title: "Ridge", hint: "why" });
    expect(wordsOf("l2", {}).title).toBe("L2 penalty");
    expect(wordsOf("maxTokensHeld", {}).title).toBe("Max tokens held");
  });
  it("steps by the size of the default", () => {
    expect(stepOf({ type: "integer", default: 100 })).toBe(1);
    expect(stepOf({ type: "number", default: 0.004 })).toBeCloseTo(0.001, 12);
  });
  it("reads lists of numbers and refuses what is none", () => {
    expect(parseNumbers("256, 128;64")).toEqual([256, 128, 64]);
    expect(parseNumbers("")).toEqual([]);
    expect(parseNumbers("256, many")).toBeNull();
  });
  it("names what must still be given", () => {
    const schema = { required: ["topology", "epochs"], properties: { epochs: { type: "integer", default: 3 } } };
    expect(missingOptions(schema, {})).toEqual(["topology"]);
    expect(missingOptions(schema, { topology: {} })).toEqual([]);
  });
});
