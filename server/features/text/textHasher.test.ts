import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TEXT_CHARACTERS_MAX, TextHasher } from "./textHasher";

const OPTIONS = { hashBits: 17, wordNgrams: 2, charNgrams: [3, 5] } as const;

function countsOf(hasher: TextHasher, text: string): Map<number, number> {
  const size = hasher.hash(text);
  return new Map(Array.from({ length: size }, (_, i) => [hasher.buckets[i], hasher.counts[i]]));
}

/** The n-grams themselves, written for reading: what the hasher must tell apart, up to collisions of hashes. */
function ngramsOf(text: string): { words: string[]; characters: string[] } {
  const tokens = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const words = tokens.flatMap((token, i) => (i + 1 < tokens.length ? [token, `${token} ${tokens[i + 1]}`] : [token]));
  const characters = tokens.flatMap((token) => {
    const padded = ` ${token} `;
    const grams: string[] = [];
    for (let length = 3; length <= 5; length++) {
      for (let i = 0; i + length <= padded.length; i++) grams.push(padded.slice(i, i + length));
    }
    return grams;
  });
  return { words, characters };
}

const plainText = fc.array(fc.stringMatching(/^[a-zA-Z0-9]{1,8}$/), { maxLength: 12 }).map((words) => words.join(", "));

describe("TextHasher", () => {
  it("counts the n-grams of words and characters, words first", () => {
    const hasher = new TextHasher({ ...OPTIONS, hashBits: 20 });
    fc.assert(
      fc.property(plainText, (text) => {
        const { words, characters } = ngramsOf(text);
        const counts = countsOf(hasher, text);
        const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
        expect(total).toBe(words.length + characters.length);
        // 2^19 buckets per kind: a collision among fewer than a hundred n-grams is rare, not impossible.
        expect(hasher.wordSize).toBeLessThanOrEqual(new Set(words).size);
        expect(hasher.wordSize).toBeGreaterThanOrEqual(new Set(words).size - 1);
        expect(counts.size - hasher.wordSize).toBeGreaterThanOrEqual(new Set(characters).size - 1);
        for (let i = 0; i < counts.size; i++) expect(hasher.buckets[i] < 2 ** 19).toBe(i < hasher.wordSize);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("gives the same buckets for the same text whatever was hashed before, and whatever the case", () => {
    const hasher = new TextHasher(OPTIONS);
    const alone = countsOf(new TextHasher(OPTIONS), "My card has not arrived");
    hasher.hash("Something else entirely, much longer than the other one is");
    expect(countsOf(hasher, "MY CARD has not ARRIVED")).toEqual(alone);
  });

  it("knows where words end: the same letters cut otherwise share no word", () => {
    const hasher = new TextHasher(OPTIONS);
    const wordsOf = (text: string) => {
      hasher.hash(text);
      return new Set(hasher.buckets.subarray(0, hasher.wordSize));
    };
    const one = wordsOf("in formation");
    const other = wordsOf("information");
    expect([...one].filter((bucket) => other.has(bucket))).toEqual([]);
  });

  it("takes characters of scripts without spaces one by one, and emoji as words", () => {
    const hasher = new TextHasher(OPTIONS);
    hasher.hash("我的卡");
    // 3 single words and 2 pairs.
    expect(hasher.wordSize).toBe(5);
    hasher.hash("🙂 ok");
    expect(hasher.wordSize).toBe(3);
    expect(hasher.hash("… !? —")).toBe(0);
  });

  it("looks at the first characters of a very long text only", () => {
    const hasher = new TextHasher(OPTIONS);
    const long = "a".repeat(TEXT_CHARACTERS_MAX);
    const counts = countsOf(hasher, long);
    expect(countsOf(hasher, `${long} and more`)).toEqual(counts);
  });

  it("refuses a range of character n-grams that is none", () => {
    expect(() => new TextHasher({ ...OPTIONS, charNgrams: [5, 3] })).toThrow(RangeError);
  });
});
