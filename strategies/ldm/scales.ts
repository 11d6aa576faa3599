import { kernelFloats } from "../core/embeddingBlock";
import type { LinearModel } from "../core/linearModel";
import { CHUNK_ROWS, linearOutputs, paddedColumns } from "../core/linearModel";
import type { Kernels } from "../kernels/types";
import type { RowGaps } from "./flipRates";
import { fillRowGaps, forEachRate, nTracks, rowGaps } from "./flipRates";

/**
 * The published estimator of the least disagreement: Gaussian perturbations of the head at rising sizes, a size being left
 * after `stop` perturbations in a row that lowered the value of no row of the pool.
 *
 * Perturbations are multiplied several at a time, but never more than could follow each other without the stop rule
 * ending the size in between: the answer is the one of taking them one by one.
 *
 * Source: Cho, Kim & Lee 2024, algorithm 1; stop rule over the whole pool as in the authors' code.
 */
export interface ScaleSearch {
  readonly sizes: readonly number[];
  /** ≥ 1. */
  readonly stop: number;
  /** Perturbations at most, over all sizes; what is left is shared evenly by the sizes that are left. */
  readonly maxHypotheses: number;
  readonly perturbBias: boolean;
  /** Perturbations multiplied together at most. */
  readonly atOnce: number;
  /** Fills d × c weights, then c biases, with standard normal draws for this perturbation. */
  draw(hypothesis: number, out: Float32Array): void;
  checkAbort(): void;
  progress(size: number): void;
}

export interface ScaleResult {
  /** n: reference rows that change their label with the row, at least; nReference where it never changed. */
  readonly counts: Int32Array;
  readonly hypotheses: number;
  /** Perturbations at each size that was reached. */
  readonly perSize: readonly number[];
  /** Σ counts after each size that was reached. */
  readonly sums: readonly number[];
  /** True when a size was left because of `maxHypotheses` and not by the stop rule. */
  readonly isCapped: boolean;
}

/** The published sizes: 10^(−5 + 0.1·k), k = 0 … 50. */
export function publishedSizes(): number[] {
  return Array.from({ length: 51 }, (_, k) => 10 ** (-5 + 0.1 * k));
}

/** Root mean square of the weights, as two logits per column where columns decide by sign. */
export function weightScale(model: LinearModel): number {
  let sum = 0;
  for (const weight of model.weights) sum += weight * weight;
  const rms = Math.sqrt(sum / model.weights.length);
  return model.kind === "sign" ? rms / 2 : rms;
}

/** Rows, their gaps and what is known of them chunk by chunk. */
interface Side {
  readonly x: Float32Array;
  readonly n: number;
  readonly gaps: RowGaps;
  /** Per chunk: no perturbation smaller than 1 / reach (its longest column times its size) changes a label in it. */
  readonly reach: Float64Array;
}

/** Slack on the bound of {@link Side.reach}, for rounding. */
const REACH_SLACK = 1.001;

/**
 * @param pool      n × d and
 * @param reference m × d, both best in the kernels' memory.
 * Rows of the pool in ascending order of margin let most chunks be skipped at large sizes.
 * Cost: at most 2·(n + m)·d·c per perturbation.
 */
export function searchScales(
  kernels: Kernels,
  model: LinearModel,
  pool: Float32Array,
  reference: Float32Array,
  search: ScaleSearch,
): ScaleResult {
  const run = new ScaleRun(kernels, model, sideOf(kernels, model, pool), sideOf(kernels, model, reference), search);
  return run.run();
}

function sideOf(kernels: Kernels, model: LinearModel, x: Float32Array): Side {
  const { d, c } = model;
  const n = x.length / d;
  const gaps = rowGaps(n, c);
  const norms = new Float32Array(n);
  kernels.rowNorms(x, n, d, norms);
  const reach = new Float64Array(Math.ceil(n / CHUNK_ROWS));
  for (let start = 0; start < n; start += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, n - start);
    fillRowGaps(kernels, model, x.subarray(start * d, (start + rows) * d), rows, gaps, start);
    for (let i = start; i < start + rows; i++) {
      let inverse = 0;
      for (let j = 0; j < c; j++) inverse = Math.max(inverse, Math.abs(gaps.inverse[i * c + j]));
      const bound = Math.sqrt(norms[i] + 1) * inverse * REACH_SLACK;
      if (bound > reach[start / CHUNK_ROWS]) reach[start / CHUNK_ROWS] = bound;
    }
  }
  return { x, n, gaps, reach };
}

class ScaleRun {
  private readonly tracks: number;
  private readonly least: Int32Array;
  /** Largest entry of `least` per chunk of the pool. */
  private readonly worst: Int32Array;
  private readonly columns: number;
  private readonly draw: Float32Array;
  private weights: Float32Array = new Float32Array(0);
  private bias = new Float32Array(0);
  private products: Float32Array = new Float32Array(0);
  /** Longest column difference of each perturbation of the batch. */
  private readonly lengths: Float64Array;
  private readonly changed: Int32Array;
  private readonly hasImproved: Uint8Array;

  constructor(
    private readonly kernels: Kernels,
    private readonly model: LinearModel,
    private readonly pool: Side,
    private readonly reference: Side,
    private readonly search: ScaleSearch,
  ) {
    const { d, c } = model;
    this.tracks = nTracks(model);
    this.least = new Int32Array(pool.n * this.tracks).fill(reference.n);
    this.worst = new Int32Array(pool.reach.length).fill(reference.n);
    this.columns = paddedColumns(search.atOnce * c);
    this.draw = new Float32Array((d + 1) * c);
    this.lengths = new Float64Array(search.atOnce);
    this.changed = new Int32Array(search.atOnce * this.tracks);
    this.hasImproved = new Uint8Array(search.atOnce);
  }

  run(): ScaleResult {
    const { kernels, search, model } = this;
    const mark = kernels.mark();
    this.weights = kernelFloats(kernels, model.d * this.columns);
    this.bias = new Float32Array(this.columns);
    this.products = kernelFloats(kernels, CHUNK_ROWS * this.columns);
    const perSize: number[] = [];
    const sums: number[] = [];
    let hypotheses = 0;
    let isCapped = false;
    for (const [k, size] of search.sizes.entries()) {
      let used = 0;
      // What is left of the limit is shared by the sizes that are left, so that small sizes do not starve large ones.
      const share = Math.ceil((search.maxHypotheses - hypotheses) / (search.sizes.length - k));
      for (let idle = 0; idle < search.stop; ) {
        const left = share - used;
        if (left <= 0) {
          isCapped = true;
          break;
        }
        search.checkAbort();
        const batch = Math.min(search.stop - idle, search.atOnce, left);
        this.drawBatch(hypotheses, batch);
        this.tryBatch(size, batch);
        for (let h = 0; h < batch; h++) idle = this.hasImproved[h] === 1 ? 0 : idle + 1;
        hypotheses += batch;
        used += batch;
      }
      perSize.push(used);
      sums.push(this.sum());
      search.progress(k + 1);
    }
    kernels.release(mark);
    return { counts: this.counts(), hypotheses, perSize, sums, isCapped };
  }

  /** Puts perturbations first … first + batch − 1 side by side. */
  private drawBatch(first: number, batch: number): void {
    const { d, c } = this.model;
    for (let h = 0; h < batch; h++) {
      this.search.draw(first + h, this.draw);
      if (!this.search.perturbBias) this.draw.fill(0, d * c);
      for (let j = 0; j < d; j++) {
        this.weights.set(this.draw.subarray(j * c, (j + 1) * c), j * this.columns + h * c);
      }
      this.bias.set(this.draw.subarray(d * c), h * c);
      let longest = 0;
      for (let j = 0; j < c; j++) {
        let sum = 0;
        for (let l = 0; l <= d; l++) sum += this.draw[l * c + j] ** 2;
        longest = Math.max(longest, sum);
      }
      // Rates take the difference of two columns, or one column with the factor √2 in the gap.
      this.lengths[h] = (this.model.kind === "sign" ? 1 : 2) * Math.sqrt(longest);
    }
  }

  /** Lowers `least` by the batch, in its order, and marks in `hasImproved` which perturbation lowered any row. */
  private tryBatch(size: number, batch: number): void {
    const { tracks, changed, hasImproved, reference, pool } = this;
    changed.fill(0);
    hasImproved.fill(0);
    const longest = size * Math.max(...this.lengths.subarray(0, batch));
    const bar = 1 / size;
    for (let chunk = 0; chunk < reference.reach.length; chunk++) {
      if (longest * reference.reach[chunk] < 1) continue;
      this.forEachChange(reference, chunk, batch, bar, (h, track) => {
        changed[h * tracks + track]++;
      });
    }
    const fewest = Math.min(...changed.subarray(0, batch * tracks));
    for (let chunk = 0; chunk < pool.reach.length; chunk++) {
      if (fewest >= this.worst[chunk] || longest * pool.reach[chunk] < 1) continue;
      let isLowered = false;
      this.forEachChange(pool, chunk, batch, bar, (h, track, row) => {
        const at = row * tracks + track;
        if (changed[h * tracks + track] >= this.least[at]) return;
        this.least[at] = changed[h * tracks + track];
        hasImproved[h] = 1;
        isLowered = true;
      });
      if (isLowered) this.worst[chunk] = this.worstOf(chunk);
    }
  }

  private forEachChange(
    side: Side,
    chunk: number,
    batch: number,
    bar: number,
    use: (draw: number, track: number, row: number) => void,
  ): void {
    const { model, columns, products } = this;
    const start = chunk * CHUNK_ROWS;
    const rows = Math.min(CHUNK_ROWS, side.n - start);
    const x = side.x.subarray(start * model.d, (start + rows) * model.d);
    linearOutputs(this.kernels, { x, n: rows, d: model.d, weights: this.weights, bias: this.bias, columns }, products);
    for (let i = 0; i < rows; i++) {
      const row = start + i;
      forEachRate(model, side.gaps, row, products, i * columns, batch, (h, track, forward) => {
        if (forward > bar) use(h, track, row);
      });
    }
  }

  private worstOf(chunk: number): number {
    const start = chunk * CHUNK_ROWS * this.tracks;
    let worst = 0;
    for (const count of this.least.subarray(start, start + CHUNK_ROWS * this.tracks)) if (count > worst) worst = count;
    return worst;
  }

  private counts(): Int32Array {
    const counts = new Int32Array(this.pool.n);
    for (let i = 0; i < counts.length; i++) {
      let count = this.least[i * this.tracks];
      for (let t = 1; t < this.tracks; t++) count = Math.min(count, this.least[i * this.tracks + t]);
      counts[i] = count;
    }
    return counts;
  }

  private sum(): number {
    let sum = 0;
    for (const count of this.counts()) sum += count;
    return sum;
  }
}
