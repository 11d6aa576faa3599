import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ItemKeys, Pool, RowMatrix } from "@/strategies";
import { arrayMatrix, bitmapFromRows, evenShards, KeyedRandom, keysFromTexts } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import { createReferenceKernels, instantiateKernels } from "@/strategies/kernels";

/** Parameters from which a pool follows completely. */
export interface PoolSpec {
  readonly seed: string;
  readonly n: number;
  readonly nClasses: number;
  readonly dim: number;
  /** Rows have at most this many distinct contents; later rows repeat earlier ones. */
  readonly distinct: number;
  /** Share of rows with a label. */
  readonly labelledShare: number;
  /** Share of rows that are neither labelled nor eligible; every second of them is pending. */
  readonly idleShare: number;
  readonly shape: "soft" | "one-hot" | "uniform";
  readonly shardRows: number;
  readonly dtype: "f32" | "f64";
}

export const PLAIN: PoolSpec = {
  seed: "plain",
  n: 300,
  nClasses: 4,
  dim: 5,
  distinct: 300,
  labelledShare: 0.1,
  idleShare: 0.05,
  shape: "soft",
  shardRows: 64,
  dtype: "f32",
};

export interface PoolArrays {
  readonly probabilities: Float32Array | Float64Array;
  readonly embeddings: Float32Array | Float64Array;
  readonly keys: ItemKeys;
  readonly labelledRows: number[];
  readonly classes: number[];
  readonly pending: number[];
  readonly eligible: number[];
}

/** The arrays of a pool; two pools of one spec are equal and share nothing. */
export function poolArrays(spec: PoolSpec): PoolArrays {
  const random = new KeyedRandom(spec.seed, "pool");
  const make = (values: number) => (spec.dtype === "f64" ? new Float64Array(values) : new Float32Array(values));
  const probabilities = make(spec.n * spec.nClasses);
  const embeddings = make(spec.n * spec.dim);
  for (let row = 0; row < spec.n; row++) {
    const content = row % spec.distinct;
    fillProbabilities(probabilities.subarray(row * spec.nClasses, (row + 1) * spec.nClasses), spec.shape, (c) =>
      random.uniform(content, c),
    );
    for (let j = 0; j < spec.dim; j++) {
      embeddings[row * spec.dim + j] = 4 * random.uniform(content, 100 + j) + 3 * (content % 4);
    }
  }
  const labelledRows: number[] = [];
  const classes: number[] = [];
  const pending: number[] = [];
  const eligible: number[] = [];
  for (let row = 0; row < spec.n; row++) {
    const draw = random.uniform(row, 7000);
    if (draw < spec.labelledShare) {
      labelledRows.push(row);
      classes.push(random.below(spec.nClasses, row, 7001));
    } else if (draw < spec.labelledShare + spec.idleShare) {
      if (row % 2 === 0) pending.push(row);
    } else eligible.push(row);
  }
  const keys = keysFromTexts(Array.from({ length: spec.n }, (_, row) => `${spec.seed}/${row}`));
  return { probabilities, embeddings, keys, labelledRows, classes, pending, eligible };
}

/** The pool of a spec, over the given arrays. */
export function poolOf(spec: PoolSpec, arrays: PoolArrays = poolArrays(spec)): Pool {
  return {
    n: spec.n,
    nClasses: spec.nClasses,
    eligible: bitmapFromRows(spec.n, arrays.eligible),
    keys: arrays.keys,
    labelled: { rows: Uint32Array.from(arrays.labelledRows), classes: Int32Array.from(arrays.classes) },
    pending: Uint32Array.from(arrays.pending),
    probabilities: sharded(arrays.probabilities, spec.n, spec.nClasses, spec.shardRows),
    embeddings: sharded(arrays.embeddings, spec.n, spec.dim, spec.shardRows),
  };
}

/** Row i of the result is row order[i] of the pool. */
export function permuted(spec: PoolSpec, arrays: PoolArrays, order: readonly number[]): PoolArrays {
  const positionOf = new Array<number>(order.length);
  order.forEach((row, i) => {
    positionOf[row] = i;
  });
  const move = <T extends Float32Array | Float64Array>(values: T, dim: number): T => {
    const copy = values.slice() as T;
    order.forEach((row, i) => {
      copy.set(values.subarray(row * dim, (row + 1) * dim), i * dim);
    });
    return copy;
  };
  return {
    probabilities: move(arrays.probabilities, spec.nClasses),
    embeddings: move(arrays.embeddings, spec.dim),
    keys: {
      lo: Uint32Array.from(order, (row) => arrays.keys.lo[row]),
      hi: Uint32Array.from(order, (row) => arrays.keys.hi[row]),
    },
    labelledRows: arrays.labelledRows.map((row) => positionOf[row]),
    classes: arrays.classes,
    pending: arrays.pending.map((row) => positionOf[row]),
    eligible: arrays.eligible.map((row) => positionOf[row]),
  };
}

/** A matrix whose views are copies in one reused buffer, asynchronous on every second shard, like one read from files. */
function sharded(data: Float32Array | Float64Array, n: number, dim: number, shardRows: number): RowMatrix {
  const inner = arrayMatrix(data, n, dim, shardRows);
  const buffer = data.slice(0, Math.min(n, shardRows) * dim);
  return {
    ...inner,
    shards: evenShards(n, shardRows),
    view: (start, end) => {
      const part = buffer.subarray(0, (end - start) * dim);
      part.set(data.subarray(start * dim, end * dim));
      return Math.floor(start / shardRows) % 2 === 0 ? part : Promise.resolve(part);
    },
  };
}

function fillProbabilities(
  row: Float32Array | Float64Array,
  shape: PoolSpec["shape"],
  draw: (c: number) => number,
): void {
  const c = row.length;
  if (shape === "uniform") row.fill(1 / c);
  else if (shape === "one-hot") row.fill(0)[Math.floor(draw(0) * c)] = 1;
  else {
    let sum = 0;
    for (let j = 0; j < c; j++) {
      row[j] = Math.exp(3 * draw(j));
      sum += row[j];
    }
    for (let j = 0; j < c; j++) row[j] /= sum;
  }
}

const WASM_FILE = fileURLToPath(new URL("../../strategies/kernels/build/kernels.wasm", import.meta.url));

/** Every implementation of the kernels that is there: the reference always, WASM once it is built. */
export const KERNELS: readonly (readonly [string, () => Promise<Kernels>])[] = [
  ["reference", async () => createReferenceKernels()] as const,
  ...(existsSync(WASM_FILE)
    ? [["wasm", async () => instantiateKernels(readFileSync(WASM_FILE), { memoryBytes: 64 << 20 })] as const]
    : []),
];
