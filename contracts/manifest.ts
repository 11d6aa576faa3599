import { z } from "zod";

/**
 * A round's manifest: everything `winnow replay` needs to select the same rows again, byte for byte. Arrays are not in
 * it; they are named by storage key and content hash. All numbers are the float64 values of the selection.
 */

export const MANIFEST_FORMAT = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const rowNumber = z.int().min(0);

/**
 * One stored array: raw little-endian values, row-major.
 * `bits`: one bit per row in 32-bit words, bit r of word r >>> 5 is r & 31; shape is [rows].
 */
export const manifestArray = z.object({
  key: z.string().min(1),
  dtype: z.enum(["f4", "f8", "i4", "u4", "bits"]),
  shape: z.array(z.int().min(0)).min(1).max(2),
  sha256,
});
export type ManifestArray = z.infer<typeof manifestArray>;

/** A matrix over rows 0 … rows − 1 in contiguous shards, ascending. */
export const manifestMatrix = z.object({
  rows: z.int().min(0),
  dim: z.int().min(1),
  dtype: z.enum(["f4", "f8"]),
  shards: z.array(z.object({ startRow: rowNumber, nRows: z.int().min(1), key: z.string().min(1), sha256 })),
});
export type ManifestMatrix = z.infer<typeof manifestMatrix>;

export const manifestPick = z.object({
  rank: z.int().min(0),
  row: rowNumber,
  score: z.number(),
  utility: z.number(),
  percentile: z.number().nullable(),
  /** Probability with which the row had been drawn; null = deterministic choice. */
  inclusion: z.number().nullable(),
  /** Path of the part of the spec, such as "mix.audit". */
  part: z.string(),
  strategy: z.string(),
  purpose: z.enum(["train", "audit"]),
  reasons: z.array(z.looseObject({ code: z.string() })),
});
export type ManifestPick = z.infer<typeof manifestPick>;

export const roundManifest = z.object({
  format: z.literal(MANIFEST_FORMAT),
  projectId: z.int().min(0),
  round: z.int().min(0),
  /** The spec with every default filled in. */
  spec: z.json(),
  specHash: z.string().regex(/^[0-9a-f]{32}$/),
  seed: z.string(),
  /** Seed of the audit frame; null where the spec has no audit share. */
  frameSeed: z.string().nullable(),
  batchSize: z.int().min(1),
  taskKind: z.enum(["single-label", "multi-label", "regression"]),
  snapshot: z.object({
    /** Labels up to this number were seen. */
    labelSeq: z.int().min(0),
    modelVersion: z.int().min(0).nullable(),
    featureVersion: z.int().min(0).nullable(),
    rows: z.int().min(0),
    nClasses: z.int().min(0),
    eligible: z.int().min(0),
  }),
  arrays: z.object({
    eligible: manifestArray,
    labelledRows: manifestArray,
    labelledClasses: manifestArray,
    pending: manifestArray.optional(),
    /** Rows that people skipped as unanswerable. */
    skipped: manifestArray.optional(),
    /** [rows, 2] words of every row's key, low word first; absent: the key is the row. */
    keys: manifestArray.optional(),
    probabilities: manifestMatrix.optional(),
    embeddings: manifestMatrix.optional(),
    headWeights: manifestArray.optional(),
    headBias: manifestArray.optional(),
  }),
  /** What `embeddings` are where a head reads them; absent: the project's vectors. */
  headReads: z.enum(["features", "standardised features", "last hidden layer"]).optional(),
  /** State of stateful strategies before the round, by part of the spec. */
  states: z.record(z.string(), z.json()),
  /** Rows could be ranked differently in the last bits by another implementation: replay uses the same. */
  kernels: z.enum(["wasm", "reference"]),
  /** SHA-256 of the WASM kernels that ran; null for the reference. */
  kernelsSha256: sha256.nullable(),
  /** Version of the program, for the reader of a replay that differs. */
  codeVersion: z.string(),
  status: z.enum(["ok", "partial", "fallback"]),
  notices: z.array(z.looseObject({ code: z.string(), level: z.enum(["info", "warning", "fallback"]) })),
  picks: z.array(manifestPick),
});
export type RoundManifest = z.infer<typeof roundManifest>;

/** Keys of all stored arrays that a manifest names, the shards of its matrices included. */
export function namedArrayKeys({ arrays }: Pick<RoundManifest, "arrays">): Set<string> {
  const keys = new Set<string>();
  for (const array of Object.values(arrays)) {
    if (array === undefined) continue;
    for (const { key } of "shards" in array ? array.shards : [array]) keys.add(key);
  }
  return keys;
}
