import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

const VOCABULARY = 20_000;
const WORDS_MIN = 8;
const WORDS_MAX = 40;

/** Steele & Vigna's SplitMix-style generator in 32 bits: the same rows on every machine. */
function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Word number w as text: short for frequent ones, as in natural language. */
function word(w: number): string {
  const letters = "etaoinshrdlcumwfgypb";
  let text = "";
  for (let n = w + 20; n > 0; n = Math.floor(n / letters.length)) text = letters[n % letters.length] + text;
  return text;
}

export interface SyntheticRecord {
  id: string;
  text: string;
  source: string;
}

/** Texts of 8 to 40 words whose frequencies follow Zipf's law; one in a hundred repeats the text before it. */
export function* syntheticRecords(n: number, seed = 1): Generator<SyntheticRecord, void, undefined> {
  const random = makeRandom(seed);
  const words = Array.from({ length: VOCABULARY }, (_, w) => word(w));
  let text = "";
  for (let i = 0; i < n; i++) {
    if (i === 0 || random() >= 0.01) {
      const length = WORDS_MIN + Math.floor(random() * (WORDS_MAX - WORDS_MIN));
      // Inverse of the cumulative Zipf distribution with exponent 1, approximated by exp(u·ln V).
      text = Array.from({ length }, () => words[Math.floor(VOCABULARY ** random()) - 1]).join(" ");
    }
    yield { id: `record-${i}`, text, source: i % 3 === 0 ? "web" : "mail" };
  }
}

/** Writes the records as JSONL; returns the size in bytes. */
export async function writeSyntheticJsonl(path: string, n: number): Promise<number> {
  const file = createWriteStream(path);
  let part = "";
  let bytes = 0;
  for (const record of syntheticRecords(n)) {
    part += `${JSON.stringify(record)}\n`;
    if (part.length < 1 << 20) continue;
    bytes += part.length;
    if (!file.write(part)) await once(file, "drain");
    part = "";
  }
  bytes += part.length;
  file.end(part);
  await finished(file);
  return bytes;
}
