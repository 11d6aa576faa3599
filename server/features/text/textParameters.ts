import { decodeArrayFile, encodeArrayFile } from "../../compute";
import type { TextHasherOptions } from "./textHasher";

/** What is learnt on a sample of the pool; immutable once stored. */
export interface TextParameters {
  hasher: TextHasherOptions;
  dim: number;
  /** Hash buckets that have a column, ascending. */
  buckets: Int32Array;
  /** Inverse document frequency of each. */
  idf: Float32Array;
  /** nColumns×dim, row-major. */
  directions: Float32Array;
}

export function encodeTextParameters(parameters: TextParameters): Uint8Array {
  const { hasher, dim, buckets, idf, directions } = parameters;
  return encodeArrayFile({ kind: "text", hasher, dim }, { buckets, idf, directions });
}

export function decodeTextParameters(bytes: Uint8Array, name: string): TextParameters {
  const file = decodeArrayFile(bytes, name);
  const { hasher, dim } = file.meta as { hasher: TextHasherOptions; dim: number };
  return { hasher, dim, buckets: file.i32("buckets"), idf: file.f32("idf"), directions: file.f32("directions") };
}
