import type { Interval } from "../core/metrics";
import { BettingSequence } from "../core/metrics";

/** What one draw adds to a betting sequence. */
export interface BettingDraw {
  /** Probability of the drawn item at its draw. */
  readonly q: number;
  /** Smallest probability of any item that could have been drawn then. */
  readonly qMin: number;
  /** In [0, 1]; in [−1, 1] for a difference of losses. */
  readonly loss: number;
}

/**
 * The betting sequence of a frame's mean loss, one draw at a time. Losses must lie in [0, 1] (clip a log loss at a
 * stated cap and name it so) or, with `isDifference`, in [−1, 1].
 *
 * Without a known qMin give a lower bound of it: a defensive share τ guarantees τ / (items left).
 */
export class LossBettingSequence {
  readonly #poolSize: number;
  readonly #lossMin: number;
  readonly #sequence: BettingSequence;
  #sum = 0;
  #count = 0;

  constructor(
    poolSize: number,
    options: {
      readonly alpha: number;
      readonly gridPoints?: number;
      readonly truncation?: number;
      readonly isDifference?: boolean;
    },
  ) {
    const { isDifference = false, ...betting } = options;
    this.#poolSize = poolSize;
    this.#lossMin = isDifference ? -1 : 0;
    this.#sequence = new BettingSequence(
      isDifference ? { ...betting, range: { low: -1, high: 1 }, prior: { mean: 0, square: 0.25 } } : betting,
    );
  }

  /** @throws RangeError when the loss is out of range, q is below qMin, or the frame is used up. */
  add({ q, qMin, loss }: BettingDraw): void {
    const n = this.#poolSize;
    if (this.#count >= n) throw new RangeError(`LossBettingSequence: all ${n} items of the frame were drawn.`);
    if (!(loss >= this.#lossMin && loss <= 1)) {
      throw new RangeError(`LossBettingSequence: the loss must lie in [${this.#lossMin}, 1], got ${loss}.`);
    }
    if (!(qMin > 0 && qMin <= q * (1 + 1e-9))) {
      throw new RangeError(`LossBettingSequence: qMin must be above 0 and at most q (${q}), got ${qMin}.`);
    }
    const bounds = { low: (this.#sum + this.#lossMin / qMin) / n, high: (this.#sum + 1 / qMin) / n };
    const increment = (this.#sum + loss / q) / n;
    this.#sum += loss;
    this.#count++;
    const left = n - this.#count;
    this.#sequence.observe(increment, bounds, {
      low: (this.#sum + this.#lossMin * left) / n,
      high: (this.#sum + left) / n,
    });
  }

  interval(): Interval {
    return this.#sequence.interval();
  }

  keptCandidates(): Interval {
    return this.#sequence.keptCandidates();
  }

  logCapitalAt(mu: number): number {
    return this.#sequence.logCapitalAt(mu);
  }
}

/**
 * The same with a control variate, its share tuned before each draw on the draws before it, so that the guarantee stays.
 */
export class ControlledBettingSequence {
  readonly #poolSize: number;
  readonly #controlMean: number;
  readonly #sequence: BettingSequence;
  #count = 0;
  #lossSum = 0;
  #controlSum = 0;
  #a = 0;
  #b = 0;
  #ab = 0;
  #bb = 0;

  /** @param controlMean mean of the predicted losses over the whole frame. */
  constructor(
    poolSize: number,
    controlMean: number,
    options: { readonly alpha: number; readonly gridPoints?: number; readonly truncation?: number },
  ) {
    this.#poolSize = poolSize;
    this.#controlMean = controlMean;
    this.#sequence = new BettingSequence(options);
  }

  /**
   * @param control predicted loss of the drawn item, ≥ 0.
   * @param controlOverQMax largest predicted loss divided by its probability among the items that could have been drawn.
   */
  add(draw: BettingDraw & { readonly control: number; readonly controlOverQMax: number }): void {
    const { q, qMin, loss, control, controlOverQMax } = draw;
    const n = this.#poolSize;
    const share = this.#share();
    const base = (this.#lossSum - share * this.#controlSum) / n + share * this.#controlMean;
    const bounds = { low: base - (share * controlOverQMax) / n, high: base + 1 / (qMin * n) };
    const a = (this.#lossSum + loss / q) / n;
    const b = (this.#controlSum + control / q) / n - this.#controlMean;
    this.#count++;
    this.#lossSum += loss;
    this.#controlSum += control;
    this.#a += a;
    this.#b += b;
    this.#ab += a * b;
    this.#bb += b * b;
    this.#sequence.observe(a - share * b, bounds, {
      low: this.#lossSum / n,
      high: (this.#lossSum + n - this.#count) / n,
    });
  }

  #share(): number {
    if (this.#count === 0 || this.#bb < 1e-12) return 0;
    return Math.max(0, Math.min(1, (this.#ab - (this.#a / this.#count) * this.#b) / this.#bb));
  }

  interval(): Interval {
    return this.#sequence.interval();
  }
}
