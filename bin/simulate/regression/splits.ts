import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { KeyedRandom } from "@/strategies";
import { UsageError } from "../../cliError";

/** Rows of one repetition; the same for every method. */
export interface NumberSplit {
  readonly train: Uint32Array;
  /** Labelled, used for early stopping only and never counted. */
  readonly validation: Uint32Array;
  readonly pool: Uint32Array;
  readonly test: Uint32Array;
}

export interface SplitSizes {
  readonly initial: number;
  readonly validation: number;
}

const TEST_SHARE = 0.2;
/** Train, validation and pool together have at most this many rows. */
const POOL_MAX = 200_000;

/** A random split: the last max(⌊0.2 n⌋, n − 200,000) rows of a permutation are the test set, the first ones train. */
export function drawSplit(n: number, { initial, validation }: SplitSizes, seed: string, id: number): NumberSplit {
  const random = new KeyedRandom(seed, `split ${id}`);
  const draws = Float64Array.from({ length: n }, (_, i) => random.uniform(i));
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => draws[a] - draws[b]);
  const nTest = Math.max(Math.floor(TEST_SHARE * n), n - POOL_MAX);
  return cut(order, { initial, validation }, nTest);
}

/** A stored split: int32 row numbers, train | validation | pool | test, in a file that may be zipped. */
export function readSplit(path: string, n: number, sizes: SplitSizes): NumberSplit {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(
      `--splits: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  const plain = path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
  const rows = new Uint32Array(Math.floor(plain.length / 4));
  for (let i = 0; i < rows.length; i++) rows[i] = plain.readInt32LE(4 * i);
  if (rows.length !== n || rows.some((row) => row >= n)) {
    throw new UsageError(`--splits: ${path} holds ${rows.length} rows; the data has ${n}, and each must be there.`);
  }
  return cut(rows, sizes, Math.max(Math.floor(TEST_SHARE * n), n - POOL_MAX));
}

function cut(order: Uint32Array, { initial, validation }: SplitSizes, nTest: number): NumberSplit {
  const nRest = order.length - nTest;
  if (nRest < initial + validation + 1) {
    throw new UsageError(
      `The data leaves ${nRest} rows beside the test set; ${initial} labelled, ${validation} for validation and a pool are needed.`,
    );
  }
  return {
    train: order.slice(0, initial),
    validation: order.slice(initial, initial + validation),
    pool: order.slice(initial + validation, nRest),
    test: order.slice(nRest),
  };
}
