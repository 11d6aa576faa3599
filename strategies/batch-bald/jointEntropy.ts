import { kernelDoubles } from "../core/doubleRows";
import { kernelFloats } from "../core/embeddingBlock";
import type { KeyedRandom } from "../core/keyedRandom";
import { plogp } from "../core/posteriorScores";
import type { Kernels } from "../kernels/types";

/**
 * Greedy BatchBALD over candidates with their posterior predictions.
 *
 * The joint entropy of the picks' labels is kept as what each combination of labels says about the samples: while there are
 * few combinations all of them, afterwards drawn ones. A candidate's gain is the entropy of its label given the
 * combination, averaged over the combinations, less its mean entropy under the samples; gains never grow from pick to pick
 * while all combinations are held, so most candidates need not be looked at again.
 *
 * Source: Kirsch, van Amersfoort & Gal 2019, sections 3.2 to 3.4.
 */
export interface JointPicks {
  /** Positions of the candidates, in the order of picking. */
  readonly picks: readonly number[];
  /** What each pick added, in nats; ≥ 0. */
  readonly gains: readonly number[];
  /** Information of the batch so far in nats, after each pick. */
  readonly joint: readonly number[];
  /** Picks whose joint entropy was exact. */
  readonly exact: number;
}

export interface JointArguments {
  /** n × samples × nClasses, in ascending order of key. */
  readonly q: Float64Array;
  readonly samples: number;
  readonly nClasses: number;
  readonly batch: number;
  /** Combinations of labels that are held in full at most. */
  readonly exactMax: number;
  /** Combinations drawn beyond that. */
  readonly configurations: number;
  readonly random: KeyedRandom;
  checkAbort(): void;
  progress(picks: number): void;
}

/** Candidates whose gain is computed together. */
const TOGETHER = 64;

/** Entries of the conditional probabilities held at a time. */
const ENTRIES_MAX = 1 << 20;

/** Rounding of gains: a bound this much below the best cannot hide a better candidate. */
const GAIN_ROUNDING = 1e-12;

export function greedyJoint(kernels: Kernels, args: JointArguments): JointPicks {
  const { batch, samples, nClasses, q } = args;
  const n = samples * nClasses === 0 ? 0 : q.length / (samples * nClasses);
  const run = new JointRun(kernels, args, n);
  const picks: number[] = [];
  const gains: number[] = [];
  const joint: number[] = [];
  let exact = 0;
  while (picks.length < Math.min(batch, n)) {
    args.checkAbort();
    const [best, gain] = run.best();
    picks.push(best);
    gains.push(Math.max(0, gain));
    joint.push((joint[joint.length - 1] ?? 0) + gains[gains.length - 1]);
    if (run.isExact) exact++;
    run.take(best, picks);
    args.progress(picks.length);
  }
  return { picks, gains, joint, exact };
}

class JointRun {
  isExact = true;
  /** Mean entropy of each candidate under the samples. */
  private readonly inner: Float64Array;
  /** No candidate gains more than this; infinite where its gain is not known yet. */
  private readonly bound: Float64Array;
  private readonly isTaken: Uint8Array;
  /** rows × samples: weight of each sample given the combination; all rows sum to 1. */
  private posterior: Float64Array;
  /** Probability of each combination. */
  private chance: Float64Array;
  /** Sample that each drawn combination was drawn from. */
  private drawnFrom = new Uint32Array(0);

  constructor(
    private readonly kernels: Kernels,
    private readonly args: JointArguments,
    n: number,
  ) {
    const { q, samples, nClasses } = args;
    const width = samples * nClasses;
    this.inner = Float64Array.from({ length: n }, (_, i) => {
      let sum = 0;
      for (let at = i * width; at < (i + 1) * width; at++) sum += plogp(q[at]);
      return sum / samples;
    });
    this.bound = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    this.isTaken = new Uint8Array(n);
    this.posterior = new Float64Array(samples).fill(1 / samples);
    this.chance = Float64Array.of(1);
  }

  /** The candidate of the largest gain; ties: the first. */
  best(): readonly [position: number, gain: number] {
    const order = Array.from(this.bound.keys())
      .filter((i) => this.isTaken[i] === 0)
      .sort((a, b) => this.bound[b] - this.bound[a] || a - b);
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let start = 0; start < order.length; start += TOGETHER) {
      // Drawn combinations change with every pick, and with them the gains: then all are computed anew.
      if (this.isExact && this.bound[order[start]] < most - GAIN_ROUNDING) break;
      const part = order.slice(start, start + TOGETHER);
      if (this.isExact) this.updateGains(part);
      else this.estimateGains(part);
      for (const i of part) {
        if (this.bound[i] > most || (this.bound[i] === most && i < best)) {
          most = this.bound[i];
          best = i;
        }
      }
    }
    return [best, most];
  }

  /** Writes the gains of some candidates into their bounds. */
  private updateGains(part: readonly number[]): void {
    const { kernels } = this;
    const { samples, nClasses } = this.args;
    const width = part.length * nClasses;
    const rows = this.chance.length;
    const mark = kernels.mark();
    const predictions = kernelDoubles(kernels, samples * width);
    this.writePredictions(part, predictions);
    const outer = new Float64Array(part.length);
    const together = Math.min(rows, Math.max(1, Math.floor(ENTRIES_MAX / width)));
    const posterior = kernelDoubles(kernels, together * samples);
    const given = kernelDoubles(kernels, together * width);
    for (let start = 0; start < rows; start += together) {
      const count = Math.min(together, rows - start);
      posterior.set(this.posterior.subarray(start * samples, (start + count) * samples));
      kernels.gemmF64({ m: count, n: width, k: samples, a: posterior, b: predictions, out: given });
      for (let r = 0; r < count; r++) {
        const chance = this.chance[start + r];
        for (let j = 0; j < part.length; j++) {
          let entropy = 0;
          const at = r * width + j * nClasses;
          for (let c = 0; c < nClasses; c++) entropy += plogp(given[at + c]);
          outer[j] += chance * entropy;
        }
      }
    }
    kernels.release(mark);
    for (const [j, i] of part.entries()) this.bound[i] = outer[j] - this.inner[i];
  }

  /** samples × (part · nClasses): what each sample says of each candidate of the part. */
  private writePredictions(part: readonly number[], out: Float32Array | Float64Array): void {
    const { q, samples, nClasses } = this.args;
    for (const [j, i] of part.entries()) {
      for (let s = 0; s < samples; s++) {
        const from = (i * samples + s) * nClasses;
        out.set(q.subarray(from, from + nClasses), s * part.length * nClasses + j * nClasses);
      }
    }
  }

  /** As {@link updateGains} in float32: what drawn combinations leave open is far more than rounding. */
  private estimateGains(part: readonly number[]): void {
    const { kernels } = this;
    const { samples, nClasses } = this.args;
    const width = part.length * nClasses;
    const rows = this.chance.length;
    const mark = kernels.mark();
    const predictions = kernelFloats(kernels, samples * width);
    this.writePredictions(part, predictions);
    const posterior = kernelFloats(kernels, this.posterior.length);
    posterior.set(this.posterior);
    const outer = new Float64Array(part.length);
    const together = Math.max(1, Math.floor(ENTRIES_MAX / width));
    const given = kernelFloats(kernels, Math.min(together, rows) * width);
    const entropy = kernelFloats(kernels, Math.min(together, rows) * part.length);
    for (let start = 0; start < rows; start += together) {
      const count = Math.min(together, rows - start);
      const a = posterior.subarray(start * samples, (start + count) * samples);
      kernels.gemm({ m: count, n: width, k: samples, a, b: predictions, out: given });
      kernels.rowStats(given, count * part.length, nClasses, { entropy });
      for (let r = 0; r < count; r++) {
        for (let j = 0; j < part.length; j++) outer[j] += this.chance[start + r] * entropy[r * part.length + j];
      }
    }
    kernels.release(mark);
    for (const [j, i] of part.entries()) this.bound[i] = outer[j] - this.inner[i];
  }

  take(best: number, picks: readonly number[]): void {
    this.isTaken[best] = 1;
    if (picks.length >= this.args.batch) return;
    if (this.isExact && this.chance.length * this.args.nClasses <= this.args.exactMax) this.extendAll(best);
    else if (this.isExact) {
      this.isExact = false;
      this.drawAll(picks);
    } else this.extendDrawn(best, picks.length - 1);
  }

  /** Every combination with every label of the pick. Combinations without probability are left out. */
  private extendAll(pick: number): void {
    const { samples, nClasses } = this.args;
    const rows: number[] = [];
    const posterior = new Float64Array(this.posterior.length * nClasses);
    let count = 0;
    for (let r = 0; r < this.chance.length; r++) {
      for (let c = 0; c < nClasses; c++) {
        const to = count * samples;
        posterior.set(this.posterior.subarray(r * samples, (r + 1) * samples), to);
        const share = this.condition(posterior, to, pick, c);
        if (share === 0) continue;
        rows.push(this.chance[r] * share);
        count++;
      }
    }
    this.posterior = posterior.slice(0, count * samples);
    this.chance = Float64Array.from(rows);
  }

  /** Draws combinations of the labels of all picks so far. */
  private drawAll(picks: readonly number[]): void {
    const { configurations, samples, random } = this.args;
    this.drawnFrom = Uint32Array.from({ length: configurations }, (_, r) => random.below(samples, r, 0));
    this.posterior = new Float64Array(configurations * samples).fill(1 / samples);
    this.chance = new Float64Array(configurations).fill(1 / configurations);
    for (const [place, pick] of picks.entries()) this.extendDrawn(pick, place);
  }

  /** Draws the pick's label for every drawn combination. */
  private extendDrawn(pick: number, place: number): void {
    const { q, samples, nClasses, random } = this.args;
    for (let r = 0; r < this.chance.length; r++) {
      const draw = random.uniform(r, place + 1);
      const from = (pick * samples + this.drawnFrom[r]) * nClasses;
      let label = -1;
      let sum = 0;
      for (let c = 0; c < nClasses; c++) {
        if (q[from + c] <= 0) continue;
        label = c;
        sum += q[from + c];
        if (sum >= draw) break;
      }
      this.condition(this.posterior, r * samples, pick, label);
    }
  }

  /** Multiplies the samples' weights by what they said of the label and scales them to 1. Returns the label's probability. */
  private condition(posterior: Float64Array, at: number, pick: number, label: number): number {
    const { q, samples, nClasses } = this.args;
    let total = 0;
    for (let s = 0; s < samples; s++) {
      posterior[at + s] *= q[(pick * samples + s) * nClasses + label];
      total += posterior[at + s];
    }
    if (total > 0) for (let s = 0; s < samples; s++) posterior[at + s] /= total;
    return total;
  }
}
