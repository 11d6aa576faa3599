import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The data sets of the local table, split into pool and test rows as the reference runs split them. */
export interface LocalSet {
  readonly name: string;
  readonly d: number;
  readonly nClasses: number;
  /** n × d, row-major. */
  readonly poolX: Float64Array;
  readonly poolY: Int32Array;
  readonly testX: Float64Array;
  readonly testY: Int32Array;
}

interface Rows {
  readonly d: number;
  readonly x: readonly Float64Array[];
  readonly y: readonly number[];
}

const MNIST_POOL = 7000;
const LETTER_POOL = 8000;
const LETTER_TEST_FROM = 16_000;
/** The long-tailed set keeps the first ⌊600·50^(−c/9)⌋ pool rows of digit c. */
const LONG_TAIL = { most: 600, ratio: 50 };

const FILES = {
  mnist: ["mnist10k/t10k-images-idx3-ubyte.gz", "mnist10k/t10k-labels-idx1-ubyte.gz"],
  letter: ["letter/letter-recognition.data"],
  mammography: ["mammography/mammography.csv"],
};

export const LOCAL_SETS = [
  "mnist_imb2",
  "mnist_imb5",
  "mnist_lt",
  "mnist10",
  "letter_imb4",
  "mammography",
  "letter",
] as const;
export type LocalSetName = (typeof LOCAL_SETS)[number];

/**
 * @param folder holds the files named in `FILES`.
 * @returns the set, or the sentence that says which file is missing.
 * @throws Error for a name that is none of `LOCAL_SETS`.
 */
export function readLocalSet(folder: string, name: LocalSetName): LocalSet | string {
  if (!LOCAL_SETS.includes(name)) throw new Error(`No set "${name}"; known: ${LOCAL_SETS.join(", ")}.`);
  const source = name.startsWith("mnist") ? "mnist" : name.startsWith("letter") ? "letter" : "mammography";
  const paths = FILES[source].map((file) => join(folder, file));
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) return `${name} is skipped: there is no ${missing}.`;
  if (source === "mnist") return mnistSet(name, paths);
  if (source === "letter") return letterSet(name, readFileSync(paths[0], "utf8"));
  return mammographySet(paths[0]);
}

/** @param text lines "T,2,8,…" after one header line. */
export function letterSet(name: string, text: string): LocalSet {
  const lines = text.trim().split("\n").slice(1);
  const isRare = name === "letter_imb4";
  const rows: Rows = {
    d: 16,
    x: lines.map((line) => Float64Array.from(line.split(",").slice(1), (value) => Number(value) / 15)),
    y: lines.map((line) => {
      const letter = line.charCodeAt(0) - 65;
      return isRare ? Math.min(3, letter) : letter;
    }),
  };
  return split(name, rows, isRare ? 4 : 26, (i) => (i < LETTER_POOL ? "pool" : i >= LETTER_TEST_FROM ? "test" : null));
}

function mnistSet(name: string, [images, labels]: readonly string[]): LocalSet {
  const pixels = gunzipSync(readFileSync(images)).subarray(16);
  const digits = gunzipSync(readFileSync(labels)).subarray(8);
  const kept = new Array<number>(10).fill(0);
  const isKept = Array.from(digits, (digit, i) => {
    if (i >= MNIST_POOL || name !== "mnist_lt") return true;
    return kept[digit]++ < Math.floor(LONG_TAIL.most * LONG_TAIL.ratio ** (-digit / 9));
  });
  const rows: Rows = {
    d: 49,
    x: Array.from(digits, (_, i) => pooled(pixels, i)),
    y: Array.from(digits, (digit) => (name === "mnist_imb2" ? Math.min(1, digit) : digit)),
  };
  const merged = name === "mnist_imb5" ? { ...rows, y: rows.y.map((digit) => Math.min(4, digit)) } : rows;
  const nClasses = name === "mnist_imb2" ? 2 : name === "mnist_imb5" ? 5 : 10;
  return split(name, merged, nClasses, (i) => (i >= MNIST_POOL ? "test" : isKept[i] ? "pool" : null));
}

/** 28 × 28 bytes to 7 × 7 means of 4 × 4 blocks, in 0 … 1. */
function pooled(pixels: Uint8Array, image: number): Float64Array {
  const out = new Float64Array(49);
  for (let p = 0; p < 784; p++) {
    out[Math.floor(p / 112) * 7 + Math.floor((p % 28) / 4)] += pixels[image * 784 + p] / (16 * 255);
  }
  return out;
}

function mammographySet(path: string): LocalSet {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const rows: Rows = {
    d: 6,
    x: lines.map((line) => Float64Array.from(line.split(",").slice(0, 6), Number)),
    y: lines.map((line) => (line.trim().endsWith("'-1'") ? 1 : 0)),
  };
  return split("mammography", rows, 2, (i) => (i % 10 < 3 ? "test" : "pool"));
}

function split(name: string, rows: Rows, nClasses: number, partOf: (row: number) => "pool" | "test" | null): LocalSet {
  const take = (part: "pool" | "test") => {
    const kept = rows.y.flatMap((_, i) => (partOf(i) === part ? [i] : []));
    const x = new Float64Array(kept.length * rows.d);
    for (const [at, row] of kept.entries()) x.set(rows.x[row], at * rows.d);
    return { x, y: Int32Array.from(kept, (row) => rows.y[row]) };
  };
  const pool = take("pool");
  const test = take("test");
  return { name, d: rows.d, nClasses, poolX: pool.x, poolY: pool.y, testX: test.x, testY: test.y };
}
