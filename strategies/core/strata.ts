import { createBitmap, hasBit, rowsOfBitmap, setBit } from "./bitmap";
import { gatherEmbeddings, kernelFloats } from "./embeddingBlock";
import { rowsByKey } from "./itemKeys";
import { randomOf } from "./keyedRandom";
import { assignClusters, kMeans } from "./kMeans";
import { blocksOf, readView } from "./rowMatrix";
import { sampleRows } from "./sampleRows";
import { probabilityInput } from "./scoreInputs";
import { StrategyError } from "./strategyError";
import type { Bitmap, Pool, PoolArray, SelectContext, StrataTarget, StrategySpec } from "./types";

type StrataSpec = StrategySpec & { op: "strata" };

/** Arrays that the strata themselves read. */
export const STRATA_ARRAYS: Readonly<Record<StrataSpec["by"], readonly PoolArray[]>> = {
  predictedClass: ["labels", "probabilities"],
  cluster: ["labels", "embeddings"],
  group: ["labels", "groups"],
};

/** Rows that clusters are fitted on; every other row then joins its nearest. */
export const STRATA_FIT_ROWS = 10_000;

/** Rows assigned to clusters at a time. */
const ASSIGN_ROWS = 8192;

const ITERATIONS_MAX = 25;

/** Strata a batch can be spread over: each costs a run of the inner spec. */
const STRATA_MAX = 10_000;

/** A row that belongs to no stratum, or has no values to tell. */
const NONE = -1;

export interface StratumPlan {
  readonly stratum: number;
  readonly quota: number;
  /** Share wanted, and share among the labelled rows; null where nothing is labelled. */
  readonly target: number;
  readonly have: number | null;
}

export interface StrataPlan {
  readonly strata: readonly StratumPlan[];
  /** Stratum of every row, −1 for none. */
  readonly stratumOf: Int32Array;
}

/**
 * Divides the rows and shares out the batch: place by place to the stratum whose labels, places included, are farthest
 * below its share; ties to the lowest stratum. Labelled rows count by their label (strata by class) or by where they lie;
 * rows that are being labelled count like labelled ones.
 *
 * Memory: 4 bytes per row. Cost O(n·width + batch·strata).
 */
export async function planStrata(
  context: SelectContext,
  pool: Pool,
  spec: StrataSpec,
  eligible: Bitmap,
  n: number,
): Promise<StrataPlan> {
  const { stratumOf, strata } = await divide(context, pool, spec, eligible);
  if (strata > STRATA_MAX) {
    throw new StrategyError("E_SPEC", `There are ${strata} strata by ${spec.by}; at most ${STRATA_MAX} can be filled.`);
  }
  const known = knownCounts(pool, spec, stratumOf, strata);
  const available = new Float64Array(strata);
  for (const row of rowsOfBitmap(eligible)) if (stratumOf[row] !== NONE) available[stratumOf[row]]++;
  const shares = sharesOf(spec.target, known, available);
  const total = known.reduce((sum, count) => sum + count, 0);
  const quota = quotasOf(shares, known, available, n);
  return {
    stratumOf,
    strata: Array.from({ length: strata }, (_, stratum) => ({
      stratum,
      quota: quota[stratum],
      target: shares[stratum],
      have: total === 0 ? null : known[stratum] / total,
    })),
  };
}

/** Places of each stratum; together n where enough rows belong to any. */
export function quotasOf(shares: Float64Array, known: Float64Array, available: Float64Array, n: number): Int32Array {
  const quota = new Int32Array(shares.length);
  const total = known.reduce((sum, count) => sum + count, 0);
  for (let place = 1; place <= n; place++) {
    let best = NONE;
    let most = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < shares.length; s++) {
      if (quota[s] >= available[s]) continue;
      // A stratum that nothing is wanted of comes last, whatever it has.
      const deficit = shares[s] === 0 ? -Number.MAX_VALUE : shares[s] * (total + place) - known[s] - quota[s];
      if (deficit > most) {
        most = deficit;
        best = s;
      }
    }
    if (best === NONE) break;
    quota[best]++;
  }
  return quota;
}

function sharesOf(target: StrataTarget, known: Float64Array, available: Float64Array): Float64Array {
  const strata = known.length;
  const wanted =
    target === "uniform"
      ? new Float64Array(strata).fill(1)
      : target === "natural"
        ? // One more of each, so that a stratum is never given up.
          known.map((count, s) => count + available[s] + 1)
        : Float64Array.from({ length: strata }, (_, s) => target[s] ?? 0);
  if (typeof target !== "string" && target.length !== strata) {
    throw new StrategyError("E_SPEC", `The target names ${target.length} shares; there are ${strata} strata.`);
  }
  const sum = wanted.reduce((total, share) => total + share, 0);
  return wanted.map((share) => share / sum);
}

/** Rows of one stratum among the given ones. */
export function stratumRows(n: number, stratumOf: Int32Array, stratum: number, among: Bitmap): Bitmap {
  const rows = createBitmap(n);
  for (const row of rowsOfBitmap(among)) if (stratumOf[row] === stratum) setBit(rows, row);
  return rows;
}

async function divide(
  context: SelectContext,
  pool: Pool,
  spec: StrataSpec,
  eligible: Bitmap,
): Promise<{ stratumOf: Int32Array; strata: number }> {
  if (spec.by === "group") {
    const groups = need(pool.groups, "groups");
    return { stratumOf: groups, strata: groups.reduce((most, group) => Math.max(most, group), NONE) + 1 };
  }
  const wanted = interesting(pool, eligible);
  if (spec.by === "predictedClass") {
    return { stratumOf: await predictedClasses(context, pool, wanted, eligible), strata: pool.nClasses };
  }
  return clustered(context, pool, wanted, spec.clusters ?? 1);
}

/** Eligible, labelled and pending rows: all that count for a stratum. */
function interesting(pool: Pool, eligible: Bitmap): Bitmap {
  const wanted: Bitmap = { size: eligible.size, words: eligible.words.slice() };
  for (const row of pool.labelled.rows) setBit(wanted, row);
  for (const row of pool.pending ?? []) setBit(wanted, row);
  return wanted;
}

async function predictedClasses(
  context: SelectContext,
  pool: Pool,
  wanted: Bitmap,
  eligible: Bitmap,
): Promise<Int32Array> {
  need(pool.probabilities, "probabilities");
  const { matrix, check } = probabilityInput(pool);
  const { dim } = matrix;
  const stratumOf = new Int32Array(pool.n).fill(NONE);
  for (const block of blocksOf(matrix)) {
    context.checkAbort();
    const values = await readView(matrix, block.start, block.end);
    for (let row = block.start; row < block.end; row++) {
      if (!hasBit(wanted, row)) continue;
      const i = row - block.start;
      if (hasBit(eligible, row)) check(values, i, dim, row);
      let best = 0;
      for (let k = 1; k < dim; k++) if (values[i * dim + k] > values[i * dim + best]) best = k;
      stratumOf[row] = best;
    }
  }
  return stratumOf;
}

async function clustered(
  context: SelectContext,
  pool: Pool,
  wanted: Bitmap,
  k: number,
): Promise<{ stratumOf: Int32Array; strata: number }> {
  const { kernels } = context;
  const embeddings = need(pool.embeddings, "embeddings");
  const rows = rowsByKey(
    pool.keys,
    rowsOfBitmap(wanted).filter((row) => row < embeddings.n),
  );
  const stratumOf = new Int32Array(pool.n).fill(NONE);
  if (rows.length === 0) return { stratumOf, strata: 0 };
  const sample = sampleRows(rows, STRATA_FIT_ROWS, pool.keys, randomOf(context, "fit-sample"));
  const mark = kernels.mark();
  try {
    const block = await gatherEmbeddings(kernels, embeddings, rowsByKey(pool.keys, sample));
    const fitted = kMeans(kernels, {
      ...block,
      k: Math.min(k, block.n),
      maxIterations: ITERATIONS_MAX,
      random: randomOf(context, "k-means"),
      checkAbort: () => context.checkAbort(),
    });
    const centroids = kernelFloats(kernels, fitted.centroids.length);
    centroids.set(fitted.centroids);
    for (let start = 0; start < rows.length; start += ASSIGN_ROWS) {
      context.checkAbort();
      const inner = kernels.mark();
      const part = rows.subarray(start, start + ASSIGN_ROWS);
      const gathered = await gatherEmbeddings(kernels, embeddings, part, block.shift);
      const assignment = new Int32Array(part.length);
      assignClusters(kernels, gathered, centroids, fitted.k, assignment, new Float32Array(part.length));
      part.forEach((row, i) => {
        stratumOf[row] = assignment[i];
      });
      kernels.release(inner);
    }
    return { stratumOf, strata: fitted.k };
  } finally {
    kernels.release(mark);
  }
}

/** Labelled and pending rows of each stratum; for strata by class a label counts for its classes. */
function knownCounts(pool: Pool, spec: StrataSpec, stratumOf: Int32Array, strata: number): Float64Array {
  const counts = new Float64Array(strata);
  const { rows, classes, multi } = pool.labelled;
  const labelled = new Set<number>();
  rows.forEach((row, i) => {
    labelled.add(row);
    if (spec.by !== "predictedClass") {
      if (stratumOf[row] !== NONE) counts[stratumOf[row]]++;
    } else if (multi !== undefined) {
      for (let k = 0; k < strata; k++) counts[k] += multi[i * strata + k];
    } else counts[classes[i]]++;
  });
  for (const row of pool.pending ?? []) {
    if (!labelled.has(row) && stratumOf[row] !== NONE) counts[stratumOf[row]]++;
  }
  return counts;
}

function need<T>(value: T | undefined, array: PoolArray): T {
  if (value !== undefined) return value;
  throw new StrategyError("E_MISSING_ARRAY", `The strata need ${array}, which this pool does not have.`, {
    need: array,
  });
}
