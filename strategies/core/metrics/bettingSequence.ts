import type { Interval } from "./proportionIntervals";

export interface BettingOptions {
  /** 1 − level of the whole sequence. */
  readonly alpha: number;
  /** Range of the mean; [0, 1] unless given. */
  readonly range?: Interval;
  /** Candidate means, evenly spaced over the range. */
  readonly gridPoints?: number;
  /** Largest share of the capital at stake in one bet. */
  readonly truncation?: number;
  /** What the plug-in mean and variance start from: one imaginary value and its square. */
  readonly prior?: { readonly mean: number; readonly square: number };
}

/** Smallest variance the bets reckon with. */
const VARIANCE_MIN = 1e-4;
const GAP_MIN = 1e-12;

/**
 * A confidence sequence for the mean of increments that each have that mean as their expectation given the past: valid at
 * every look, also when looking decides when to stop. Each candidate mean is a game against which one bets on both sides;
 * it is dropped once the capital reaches 1/alpha.
 *
 * Cost per observation: two logarithms per candidate that is still in, independent of the history.
 *
 * Source: Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting"; Shekhar et al. 2023 for
 * weighted draws without replacement.
 */
export class BettingSequence {
  readonly #alpha: number;
  readonly #range: Interval;
  readonly #truncation: number;
  readonly #grid: Float64Array;
  readonly #logUp: Float64Array;
  readonly #logDown: Float64Array;
  readonly #isKept: Uint8Array;
  #sum: number;
  #squares: number;
  #count = 0;
  #first = 0;
  #last: number;
  #low: number;
  #high: number;

  /** @throws RangeError when an option cannot be. */
  constructor(options: BettingOptions) {
    const { alpha, range = { low: 0, high: 1 }, gridPoints = 1001, truncation = 0.5 } = options;
    const prior = options.prior ?? { mean: 0.25, square: 0.25 };
    if (!(alpha > 0 && alpha < 1)) throw new RangeError(`BettingSequence: alpha must be in (0, 1), got ${alpha}.`);
    if (!(range.high > range.low)) throw new RangeError(`BettingSequence: empty range ${range.low} … ${range.high}.`);
    if (!(Number.isInteger(gridPoints) && gridPoints >= 3))
      throw new RangeError(`BettingSequence: ${gridPoints} grid points.`);
    if (!(truncation > 0 && truncation < 1))
      throw new RangeError(`BettingSequence: truncation ${truncation} is not in (0, 1).`);
    this.#alpha = alpha;
    this.#range = range;
    this.#truncation = truncation;
    this.#grid = Float64Array.from(
      { length: gridPoints },
      (_, k) => range.low + ((range.high - range.low) * k) / (gridPoints - 1),
    );
    this.#logUp = new Float64Array(gridPoints);
    this.#logDown = new Float64Array(gridPoints);
    this.#isKept = new Uint8Array(gridPoints).fill(1);
    this.#sum = prior.mean;
    this.#squares = prior.square;
    this.#last = gridPoints - 1;
    this.#low = range.low;
    this.#high = range.high;
  }

  /** Observations so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes one increment.
   *
   * @param bounds  where the increment could fall, known before it was seen.
   * @param limits  where the mean can still lie by arithmetic alone, after this observation.
   * @throws RangeError when the increment lies outside its bounds: then they were not known bounds, and nothing is guaranteed.
   */
  observe(increment: number, bounds: Interval, limits?: Interval): void {
    const slack = 1e-9 * (1 + Math.abs(bounds.high - bounds.low));
    if (!(increment >= bounds.low - slack && increment <= bounds.high + slack)) {
      throw new RangeError(
        `BettingSequence: the increment ${increment} lies outside its bounds ${bounds.low} … ${bounds.high}.`,
      );
    }
    this.#count++;
    const mean = this.#sum / this.#count;
    const variance = Math.max(this.#squares / this.#count - mean * mean, VARIANCE_MIN);
    for (let k = 0; k < this.#grid.length; k++) {
      const mu = this.#grid[k];
      const bet = (mean - mu) / (variance + (mean - mu) ** 2);
      const up = Math.max(0, Math.min(bet, this.#truncation / Math.max(mu - bounds.low, GAP_MIN)));
      const down = Math.max(0, Math.min(-bet, this.#truncation / Math.max(bounds.high - mu, GAP_MIN)));
      if (up > 0) this.#logUp[k] += Math.log(Math.max(0, 1 + up * (increment - mu)));
      if (down > 0) this.#logDown[k] += Math.log(Math.max(0, 1 - down * (increment - mu)));
      if (this.#isKept[k] === 1 && this.#isRefuted(k, limits)) this.#isKept[k] = 0;
    }
    this.#sum += increment;
    this.#squares += increment * increment;
    this.#shrink(limits);
  }

  #isRefuted(k: number, limits: Interval | undefined): boolean {
    if (limits !== undefined && (this.#grid[k] < limits.low - GAP_MIN || this.#grid[k] > limits.high + GAP_MIN))
      return true;
    return 0.5 * Math.exp(this.#logUp[k]) + 0.5 * Math.exp(this.#logDown[k]) >= 1 / this.#alpha;
  }

  /** The interval only ever shrinks. When the grid is too coarse for what is left, its last neighbours stay the ends. */
  #shrink(limits: Interval | undefined): void {
    let first = this.#first;
    let last = this.#last;
    while (first <= last && this.#isKept[first] === 0) first++;
    while (last >= first && this.#isKept[last] === 0) last--;
    if (first <= last) {
      this.#first = first;
      this.#last = last;
      if (first > 0) this.#low = Math.max(this.#low, this.#grid[first - 1]);
      if (last < this.#grid.length - 1) this.#high = Math.min(this.#high, this.#grid[last + 1]);
    }
    if (limits === undefined) return;
    this.#low = Math.min(Math.max(this.#low, limits.low), limits.high);
    this.#high = Math.max(Math.min(this.#high, limits.high), limits.low);
  }

  /** The interval now: rounded outwards to the grid, cut at what arithmetic allows. */
  interval(): Interval {
    return { low: this.#low, high: Math.max(this.#low, this.#high) };
  }

  /** Smallest and largest candidate that is still in, without the outward rounding. */
  keptCandidates(): Interval {
    return { low: this.#grid[this.#first], high: this.#grid[this.#last] };
  }

  /** Logarithm of the capital against the candidate nearest to `mu`. */
  logCapitalAt(mu: number): number {
    const { low, high } = this.#range;
    const k = Math.round(((mu - low) / (high - low)) * (this.#grid.length - 1));
    const larger = Math.max(this.#logUp[k], this.#logDown[k]);
    return larger + Math.log(0.5 * Math.exp(this.#logUp[k] - larger) + 0.5 * Math.exp(this.#logDown[k] - larger));
  }
}
