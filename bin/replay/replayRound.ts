import { createHash } from "node:crypto";
import type { ManifestArray, ManifestMatrix, RoundManifest } from "@/contracts/manifest";
import type { Bitmap, ItemKeys, JsonValue, LinearHead, Pool, RowMatrix } from "@/strategies";
import { canonicalJson, listPicks, runSpec } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";

/** Gives the bytes of a stored array. */
export type ReadBlob = (key: string) => Promise<Uint8Array>;

/** Where a round is kept: its manifest as it was read, unchecked, and its arrays by key. */
export interface StoredRound {
  /** In messages. */
  readonly place: string;
  readonly manifest: unknown;
  readonly read: ReadBlob;
}

export interface ReplayReport {
  /** Every pick has the same row and the same numbers, and status, notices and spec hash agree. */
  readonly isIdentical: boolean;
  readonly picks: number;
  /** What differs, in words; empty when nothing does. At most {@link DIFFERENCES_MAX}. */
  readonly differences: readonly string[];
  readonly specHash: string;
}

export const DIFFERENCES_MAX = 20;

/**
 * Selects a stored round again from its manifest and arrays and compares the outcome with what was stored.
 *
 * Every array is checked against its hash first, so a difference means another program, not other data.
 * @param kernels of the kind the manifest names.
 * @throws Error when an array is missing, has another hash or another length than its shape.
 */
export async function replayRound(manifest: RoundManifest, read: ReadBlob, kernels: Kernels): Promise<ReplayReport> {
  if (kernels.kind !== manifest.kernels) {
    throw new Error(`The round ran on ${manifest.kernels} kernels; replaying it on ${kernels.kind} ones could differ.`);
  }
  const pool = await poolOf(manifest, read);
  const selection = await runSpec(manifest.spec, pool, manifest.batchSize, {
    kernels,
    seed: manifest.seed,
    frameSeed: manifest.frameSeed ?? undefined,
    taskKind: manifest.taskKind,
    states: manifest.states as Record<string, JsonValue>,
  });
  const differences: string[] = [];
  const compare = (what: string, stored: unknown, replayed: unknown) => {
    if (differences.length >= DIFFERENCES_MAX) return;
    const [a, b] = [stored, replayed].map((value) => canonicalJson(value as JsonValue));
    if (a !== b) differences.push(`${what}: stored ${a}, replayed ${b}`);
  };
  const picks = listPicks(selection);
  compare("specHash", manifest.specHash, selection.specHash);
  compare("status", manifest.status, selection.status);
  compare("notices", manifest.notices, selection.notices);
  compare("number of picks", manifest.picks.length, picks.length);
  for (let i = 0; i < Math.min(picks.length, manifest.picks.length); i++) {
    compare(`pick ${i}`, manifest.picks[i], picks[i]);
  }
  return { isIdentical: differences.length === 0, picks: picks.length, differences, specHash: selection.specHash };
}

async function poolOf(manifest: RoundManifest, read: ReadBlob): Promise<Pool> {
  const { arrays, snapshot } = manifest;
  const words = (array: ManifestArray) => readArray(array, read, (bytes) => new Uint32Array(bytes));
  const floats = (array: ManifestArray) => readArray(array, read, (bytes) => new Float32Array(bytes));
  const eligible: Bitmap = { size: snapshot.rows, words: await words(arrays.eligible) };
  const rows = await words(arrays.labelledRows);
  const classes = await readArray(arrays.labelledClasses, read, (bytes) => new Int32Array(bytes));
  let head: LinearHead | undefined;
  if (arrays.headWeights && arrays.headBias) {
    head = { weights: await floats(arrays.headWeights), bias: await floats(arrays.headBias) };
  }
  return {
    n: snapshot.rows,
    nClasses: snapshot.nClasses,
    eligible,
    keys: arrays.keys && keysOf(await words(arrays.keys)),
    labelled: { rows, classes },
    pending: arrays.pending && (await words(arrays.pending)),
    skipped: arrays.skipped && (await words(arrays.skipped)),
    probabilities: arrays.probabilities && matrixOf(arrays.probabilities, read),
    embeddings: arrays.embeddings && matrixOf(arrays.embeddings, read),
    head,
  };
}

function keysOf(words: Uint32Array): ItemKeys {
  const pairs = { lo: new Uint32Array(words.length / 2), hi: new Uint32Array(words.length / 2) };
  for (let row = 0; row < words.length / 2; row++) {
    pairs.lo[row] = words[2 * row];
    pairs.hi[row] = words[2 * row + 1];
  }
  return pairs;
}

/** The shard read last stays in memory; the scorers walk the shards in order. */
function matrixOf(matrix: ManifestMatrix, read: ReadBlob): RowMatrix {
  const { dim, dtype } = matrix;
  let held: { startRow: number; values: Float32Array | Float64Array } | undefined;
  return {
    n: matrix.rows,
    dim,
    dtype: dtype === "f8" ? "f64" : "f32",
    shards: matrix.shards.map((shard) => ({ start: shard.startRow, end: shard.startRow + shard.nRows })),
    async view(start, end) {
      const shard = matrix.shards.find((entry) => start >= entry.startRow && end <= entry.startRow + entry.nRows);
      if (shard === undefined) throw new Error(`Rows ${start} … ${end - 1} lie in no shard of the manifest.`);
      if (held?.startRow !== shard.startRow) {
        const array: ManifestArray = { key: shard.key, sha256: shard.sha256, dtype, shape: [shard.nRows, dim] };
        const values = await readArray<Float32Array | Float64Array>(array, read, (bytes) =>
          dtype === "f8" ? new Float64Array(bytes) : new Float32Array(bytes),
        );
        held = { startRow: shard.startRow, values };
      }
      return held.values.subarray((start - shard.startRow) * dim, (end - shard.startRow) * dim);
    },
  };
}

async function readArray<T>(array: ManifestArray, read: ReadBlob, make: (bytes: ArrayBuffer) => T): Promise<T> {
  const bytes = await read(array.key);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== array.sha256) {
    throw new Error(`The array ${array.key} is not the one of the round: SHA-256 ${sha256}, expected ${array.sha256}.`);
  }
  const expected = bytesOf(array);
  if (bytes.byteLength !== expected) {
    throw new Error(
      `The array ${array.key} has ${bytes.byteLength} bytes; ${array.dtype} of shape [${array.shape}] has ${expected}.`,
    );
  }
  // A copy: the bytes may start at any offset, and typed arrays must not.
  return make(Uint8Array.from(bytes).buffer);
}

/** Bytes of an array by its dtype and shape. */
export function bytesOf(array: Pick<ManifestArray, "dtype" | "shape">): number {
  const values = array.shape.reduce((product, size) => product * size, 1);
  if (array.dtype === "bits") return 4 * Math.ceil(values / 32);
  return values * (array.dtype === "f8" ? 8 : 4);
}
