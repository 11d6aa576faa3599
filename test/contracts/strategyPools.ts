import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ItemKeys, Pool, RowMatrix, TaskKind } from "@/strategies";
import {
  arrayMatrix,
  bitmapFromRows,
  evenShards,
  hashBytes128,
  hexOfWords,
  KeyedRandom,
  keysFromTexts,
} from "@/strategies";
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
  /** Absent: single-label. In a multi-label pool probabilities do not sum to 1 and a row has any number of classes. */
  readonly taskKind?: TaskKind;
}

/** Posterior samples and groups of every generated pool. */
const POSTERIOR_SAMPLES = 4;
const GROUPS = 3;

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
  /** One matrix per sample, of the width of the probabilities (1 in regression). */
  readonly posterior: (Float32Array | Float64Array)[];
  readonly costs: Float32Array;
  readonly groups: Int32Array;
  readonly keys: ItemKeys;
  readonly labelledRows: number[];
  /** Of the labelled rows; −1 where labels are not single classes. */
  readonly classes: number[];
  /** Of the labelled rows × classes, for multi-label pools. */
  readonly multi: number[];
  /** Of the labelled rows, for regression pools. */
  readonly values: number[];
  readonly pending: number[];
  readonly eligible: number[];
}

/** The arrays of a pool; two pools of one spec are equal and share nothing. */
export function poolArrays(spec: PoolSpec): PoolArrays {
  const random = new KeyedRandom(spec.seed, "pool");
  const make = (values: number) => (spec.dtype === "f64" ? new Float64Array(values) : new Float32Array(values));
  const kind = spec.taskKind ?? "single-label";
  const probabilities = make(spec.n * spec.nClasses);
  const embeddings = make(spec.n * spec.dim);
  const width = kind === "regression" ? 1 : spec.nClasses;
  const posterior = Array.from({ length: POSTERIOR_SAMPLES }, () => make(spec.n * width));
  const costs = new Float32Array(spec.n);
  const groups = new Int32Array(spec.n);
  for (let row = 0; row < spec.n; row++) {
    const content = row % spec.distinct;
    const fill = kind === "multi-label" ? fillScores : fillProbabilities;
    fill(probabilities.subarray(row * spec.nClasses, (row + 1) * spec.nClasses), spec.shape, (c) =>
      random.uniform(content, c),
    );
    posterior.forEach((sample, s) => {
      const part = sample.subarray(row * width, (row + 1) * width);
      if (kind === "regression") part[0] = random.uniform(content, 300 + s);
      else fill(part, spec.shape, (c) => random.uniform(content, 1000 * (s + 1) + c));
    });
    costs[row] = 0.5 + random.uniform(content, 90);
    groups[row] = random.below(GROUPS + 1, row, 91) - 1;
    for (let j = 0; j < spec.dim; j++) {
      embeddings[row * spec.dim + j] = 4 * random.uniform(content, 100 + j) + 3 * (content % 4);
    }
  }
  const labelledRows: number[] = [];
  const classes: number[] = [];
  const multi: number[] = [];
  const values: number[] = [];
  const pending: number[] = [];
  const eligible: number[] = [];
  for (let row = 0; row < spec.n; row++) {
    const draw = random.uniform(row, 7000);
    if (draw < spec.labelledShare) {
      labelledRows.push(row);
      classes.push(kind === "single-label" ? random.below(spec.nClasses, row, 7001) : -1);
      for (let c = 0; c < spec.nClasses; c++) multi.push(random.uniform(row, 7100 + c) < 0.4 ? 1 : 0);
      values.push(random.uniform(row, 7002));
    } else if (draw < spec.labelledShare + spec.idleShare) {
      if (row % 2 === 0) pending.push(row);
    } else eligible.push(row);
  }
  const keys = keysFromTexts(Array.from({ length: spec.n }, (_, row) => `${spec.seed}/${row}`));
  return {
    ...{ probabilities, embeddings, posterior, costs, groups, keys },
    ...{ labelledRows, classes, multi, values, pending, eligible },
  };
}

/** The pool of a spec, over the given arrays. */
export function poolOf(spec: PoolSpec, arrays: PoolArrays = poolArrays(spec)): Pool {
  return {
    n: spec.n,
    nClasses: spec.nClasses,
    eligible: bitmapFromRows(spec.n, arrays.eligible),
    keys: arrays.keys,
    taskKind: spec.taskKind,
    labelled: labelledOf(spec, arrays.labelledRows, arrays.classes, arrays.multi, arrays.values),
    pending: Uint32Array.from(arrays.pending),
    probabilities:
      spec.taskKind === "regression" ? undefined : sharded(arrays.probabilities, spec.n, spec.nClasses, spec.shardRows),
    embeddings: sharded(arrays.embeddings, spec.n, spec.dim, spec.shardRows),
    posterior: {
      // Other shards than the probabilities, as stores have them.
      samples: arrays.posterior.map((sample) =>
        sharded(sample, spec.n, sample.length / spec.n, Math.max(1, spec.shardRows - 1)),
      ),
    },
    head: headOf(spec),
    costs: arrays.costs,
    groups: arrays.groups,
  };
}

/** Labels in the form that the pool's kind of task has them. */
export function labelledOf(
  spec: PoolSpec,
  rows: ArrayLike<number>,
  classes: ArrayLike<number>,
  multi: ArrayLike<number>,
  values: ArrayLike<number>,
): Pool["labelled"] {
  return {
    rows: Uint32Array.from(rows),
    classes: Int32Array.from(classes),
    ...(spec.taskKind === "multi-label" ? { multi: Uint8Array.from(multi) } : {}),
    ...(spec.taskKind === "regression" ? { values: Float64Array.from(values) } : {}),
  };
}

/**
 * A hash of everything a pool holds and of the arrays behind it, by name: what a run must leave as it was.
 * @throws Error when a view was written into.
 */
export async function inputPrints(pool: Pool, arrays: PoolArrays): Promise<Record<string, string>> {
  const matrices = { probabilities: pool.probabilities, embeddings: pool.embeddings };
  const samples = pool.posterior?.samples ?? [];
  for (const matrix of [...Object.values(matrices), ...samples]) await matrix?.view(0, 1);
  const { labelled, pending, eligible, keys, head, costs, groups } = pool;
  const given = {
    ...{ eligible: eligible.words, pending, costs, groups },
    ...{ "keys.lo": keys?.lo, "keys.hi": keys?.hi, "head.weights": head?.weights, "head.bias": head?.bias },
    ...{ "labelled.rows": labelled.rows, "labelled.classes": labelled.classes },
    ...{ "labelled.multi": labelled.multi, "labelled.values": labelled.values },
    ...{ probabilities: arrays.probabilities, embeddings: arrays.embeddings },
    ...Object.fromEntries(arrays.posterior.map((sample, s) => [`posterior.${s}`, sample])),
  };
  return Object.fromEntries(
    Object.entries(given).map(([name, values]) => [
      name,
      values === undefined
        ? "none"
        : hexOfWords(hashBytes128(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))),
    ]),
  );
}

/** A rotation of d coordinates, d × d row-major: Gram–Schmidt on rows drawn from the seed. */
export function rotationOf(d: number, seed: string): Float64Array {
  const random = new KeyedRandom(seed, "rotation");
  const rows = Float64Array.from({ length: d * d }, (_, i) => random.uniform(i) - 0.5);
  for (let i = 0; i < d; i++) {
    const row = rows.subarray(i * d, (i + 1) * d);
    for (let k = 0; k < i; k++) {
      const earlier = rows.subarray(k * d, (k + 1) * d);
      const along = row.reduce((sum, value, j) => sum + value * earlier[j], 0);
      for (let j = 0; j < d; j++) row[j] -= along * earlier[j];
    }
    const length = Math.hypot(...row);
    for (let j = 0; j < d; j++) row[j] /= length;
  }
  return rows;
}

/** A linear head of the pool's shape, drawn from its seed. */
function headOf(spec: PoolSpec): NonNullable<Pool["head"]> {
  const random = new KeyedRandom(spec.seed, "head");
  const width = spec.taskKind === "regression" ? 1 : spec.nClasses;
  return {
    weights: Float32Array.from({ length: spec.dim * width }, (_, i) => 2 * random.uniform(i) - 1),
    bias: Float32Array.from({ length: width }, (_, i) => random.uniform(i, 1) - 0.5),
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
    posterior: arrays.posterior.map((sample) => move(sample, sample.length / spec.n)),
    costs: Float32Array.from(order, (row) => arrays.costs[row]),
    groups: Int32Array.from(order, (row) => arrays.groups[row]),
    keys: {
      lo: Uint32Array.from(order, (row) => arrays.keys.lo[row]),
      hi: Uint32Array.from(order, (row) => arrays.keys.hi[row]),
    },
    labelledRows: arrays.labelledRows.map((row) => positionOf[row]),
    classes: arrays.classes,
    multi: arrays.multi,
    values: arrays.values,
    pending: arrays.pending.map((row) => positionOf[row]),
    eligible: arrays.eligible.map((row) => positionOf[row]),
  };
}

/**
 * A matrix whose views are copies in one reused buffer, asynchronous on every second shard, like one read from files. A
 * view that was written into is found out by the next.
 */
function sharded(data: Float32Array | Float64Array, n: number, dim: number, shardRows: number): RowMatrix {
  const inner = arrayMatrix(data, n, dim, shardRows);
  const buffer = data.slice(0, Math.min(n, shardRows) * dim);
  const last = { from: 0, length: 0 };
  return {
    ...inner,
    shards: evenShards(n, shardRows),
    view: (start, end) => {
      for (let i = 0; i < last.length; i++) {
        if (!Object.is(buffer[i], data[last.from + i]))
          throw new Error(`A view was written into, at ${last.from + i}.`);
      }
      const part = buffer.subarray(0, (end - start) * dim);
      part.set(data.subarray(start * dim, end * dim));
      last.from = start * dim;
      last.length = part.length;
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

/** Independent probabilities per class, as a multi-label model gives them. */
function fillScores(row: Float32Array | Float64Array, shape: PoolSpec["shape"], draw: (c: number) => number): void {
  for (let j = 0; j < row.length; j++) {
    row[j] = shape === "uniform" ? 0.5 : shape === "one-hot" ? Math.round(draw(j)) : draw(j);
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
