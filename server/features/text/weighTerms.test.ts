import { describe, expect, it } from "vitest";
import { TextHasher } from "./textHasher";
import { createWeightedTerms, weighTerms } from "./weighTerms";

const hasher = new TextHasher({ hashBits: 16, wordNgrams: 2, charNgrams: [3, 4] });
const everyColumn = Int32Array.from({ length: 2 ** 16 }, (_, bucket) => bucket);
const evenIdf = new Float32Array(2 ** 16).fill(1);

function weigh(text: string, columnOf: Int32Array, idf: Float32Array) {
  const terms = createWeightedTerms();
  hasher.hash(text);
  weighTerms(hasher, columnOf, idf, terms);
  return { columns: terms.columns.slice(0, terms.size), values: terms.values.slice(0, terms.size) };
}

const lengthOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

describe("weighTerms", () => {
  it("gives a vector of length 1 in which words and characters weigh the same", () => {
    const { columns, values } = weigh("where is my card where is it", everyColumn, evenIdf);
    expect(lengthOf(values)).toBeCloseTo(1, 5);
    const words = values.filter((_, i) => columns[i] < 2 ** 15);
    expect(lengthOf(words)).toBeCloseTo(Math.SQRT1_2, 5);
  });

  it("weighs a repeated term by 1 + ln of its count", () => {
    const { values } = weigh("yes yes yes no", everyColumn, evenIdf);
    // In order of first occurrence: "yes", "yes yes", "yes no", "no".
    expect(values[0] / values[3]).toBeCloseTo(1 + Math.log(3), 5);
    expect(values[1] / values[3]).toBeCloseTo(1 + Math.log(2), 5);
  });

  it("leaves out what has no column; a text of unknown terms has no vector", () => {
    const onlyCharacters = everyColumn.map((column) => (column < 2 ** 15 ? -1 : column));
    const { values } = weigh("where is my card", onlyCharacters, evenIdf);
    expect(lengthOf(values)).toBeCloseTo(1, 5);
    expect(weigh("where is my card", new Int32Array(2 ** 16).fill(-1), evenIdf).values).toHaveLength(0);
  });

  it("grows with long texts", () => {
    const long = Array.from({ length: 3000 }, (_, i) => `word${i}`).join(" ");
    expect(lengthOf(weigh(long, everyColumn, evenIdf).values)).toBeCloseTo(1, 4);
  });
});
