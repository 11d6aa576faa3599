import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { KeyedRandom } from "@/strategies";

export interface SyntheticItem {
  text: string;
  label: string;
}

const SOURCE = join("server", "demo", "data", "banking77.jsonl.gz");

/**
 * A pool of any size with Banking77's classes and words: the first half of one question and the second half of another of
 * the same intent. The same for a seed. Items are in random order of class.
 */
export function syntheticPool(n: number, seed: string): SyntheticItem[] {
  const lines = gunzipSync(readFileSync(join(process.cwd(), SOURCE)))
    .toString("utf8")
    .trim()
    .split("\n");
  const byLabel = new Map<string, string[][]>();
  for (const line of lines) {
    const { text, label } = JSON.parse(line) as SyntheticItem;
    byLabel.set(label, [...(byLabel.get(label) ?? []), text.split(/\s+/)]);
  }
  const labels = [...byLabel.keys()].sort();
  const random = new KeyedRandom(seed, "synthetic-pool");
  return Array.from({ length: n }, (_, i) => {
    const label = labels[random.below(labels.length, i, 0)];
    const texts = byLabel.get(label) as string[][];
    const first = texts[random.below(texts.length, i, 1)];
    const second = texts[random.below(texts.length, i, 2)];
    const words = [...first.slice(0, Math.ceil(first.length / 2)), ...second.slice(Math.floor(second.length / 2))];
    return { text: words.join(" "), label };
  });
}
