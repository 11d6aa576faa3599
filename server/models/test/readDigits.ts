import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { KeyedRandom } from "@/strategies";

export const DIGIT_PIXELS = 64;

export interface Digits {
  x: Float32Array;
  labels: Int32Array;
  n: number;
}

/** The digits, shuffled once and for all: 1,297 to learn from and 500 to test on. */
export function readDigits(): { train: Digits; test: Digits } {
  const file = new URL("../../../test/fixtures/digits.csv.gz", import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  const random = new KeyedRandom("digits", "shuffle");
  const order = lines.map((_, i) => ({ i, draw: random.uniform(i) })).sort((a, b) => a.draw - b.draw);
  const rows = order.map(({ i }) => lines[i].split(",").map(Number));
  return { train: pack(rows.slice(500)), test: pack(rows.slice(0, 500)) };
}

function pack(rows: number[][]): Digits {
  return {
    x: Float32Array.from(rows.flatMap((row) => row.slice(0, DIGIT_PIXELS))),
    labels: Int32Array.from(rows, (row) => row[DIGIT_PIXELS]),
    n: rows.length,
  };
}

/** Share of rows whose largest probability is at their label. */
export function accuracy(probabilities: Float32Array, { labels, n }: Digits, nClasses = 10): number {
  let nRight = 0;
  for (let i = 0; i < n; i++) {
    const row = probabilities.subarray(i * nClasses, (i + 1) * nClasses);
    if (row.indexOf(Math.max(...row)) === labels[i]) nRight++;
  }
  return nRight / n;
}
