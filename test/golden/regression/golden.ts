import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Reads the golden vectors of this folder; see README.md for what each case holds. */

const FOLDER = import.meta.dirname;

export interface GoldenSelection {
  readonly indices: readonly number[];
  readonly score_at_choice: readonly (number | null)[];
  readonly status: string | null;
  readonly f32_same_as_f64?: boolean;
  readonly unreliable?: string;
}

interface GoldenFile {
  readonly arrays: Readonly<Record<string, { file: string; dtype: "f32" | "f64" | "i32"; shape: number[] }>>;
  // The cases differ in shape; every test says which fields it reads.
  // biome-ignore lint/suspicious/noExplicitAny: parsed reference data
  readonly cases: Readonly<Record<string, any>>;
}

const golden = JSON.parse(readFileSync(join(FOLDER, "golden.json"), "utf8")) as GoldenFile;

export const cases = golden.cases;

/** A stored array as float64, with its shape. */
export function goldenArray(name: string): { values: Float64Array; shape: number[] } {
  const entry = golden.arrays[name];
  const bytes = readFileSync(join(FOLDER, entry.file));
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const raw =
    entry.dtype === "f64"
      ? new Float64Array(buffer)
      : entry.dtype === "f32"
        ? new Float32Array(buffer)
        : new Int32Array(buffer);
  return { values: Float64Array.from(raw), shape: entry.shape };
}

/** Two matrices of equal width, the first above the second: known rows, then candidates. */
export function stackedArray(
  first: string,
  second: string,
): { values: Float64Array; n: number; nKnown: number; dim: number } {
  const a = goldenArray(first);
  const b = goldenArray(second);
  const values = new Float64Array(a.values.length + b.values.length);
  values.set(a.values);
  values.set(b.values, a.values.length);
  return { values, n: a.shape[0] + b.shape[0], nKnown: a.shape[0], dim: a.shape[1] };
}
