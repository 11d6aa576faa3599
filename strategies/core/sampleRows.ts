import { keyHi, keyLo } from "./itemKeys";
import type { KeyedRandom } from "./keyedRandom";
import { TopK } from "./topK";
import type { ItemKeys, Notice } from "./types";

/**
 * A simple random sample without replacement: the n rows with the smallest keyed uniform, in that order. The first m of
 * a sample are themselves a simple random sample of m.
 */
export function sampleRows(rows: Uint32Array, n: number, keys: ItemKeys | undefined, random: KeyedRandom): Uint32Array {
  const top = new TopK(Math.min(n, rows.length), keys);
  for (let i = 0; i < rows.length; i++) {
    top.push(rows[i], -random.uniform(keyLo(keys, rows[i]), keyHi(keys, rows[i])));
  }
  return top.finish().rows;
}

/** At most `limit` of the rows, the rest left out at random; says so in `notices`. */
export function truncateAtRandom(
  rows: Uint32Array,
  limit: number,
  of: "candidates" | "labelled" | "cluster",
  keys: ItemKeys | undefined,
  random: KeyedRandom,
  notices: Notice[],
): Uint32Array {
  if (rows.length <= limit) return rows;
  notices.push({ code: "CANDIDATES_TRUNCATED", level: "warning", from: rows.length, to: limit, rule: "random", of });
  return sampleRows(rows, limit, keys, random);
}
