import type { Interval } from "../core/metrics";
import type { ControlledEstimate, LossControl } from "./controlVariate";
import { estimateControlled } from "./controlVariate";
import type { DrawDesign } from "./draws";
import type { GuardedInterval } from "./intervals";
import { countNonZero, martingaleInterval } from "./intervals";
import { LossBettingSequence } from "./lossBetting";
import type { MeanEstimate } from "./lure";
import { combineIncrements, martingaleIncrements } from "./lure";

export interface PairedModelComparison {
  /** Mean loss of a minus mean loss of b over the frame: below 0, a is better. */
  readonly difference: MeanEstimate | ControlledEstimate;
  readonly interval: GuardedInterval;
  /** Valid at every look; null when the smallest probabilities are not known. */
  readonly betting: Interval | null;
  readonly better: "a" | "b" | "not-yet-known";
}

/**
 * Two models on one set of draws. Compare by this difference, never by two separate intervals: what both models get wrong
 * cancels. The verdict is the betting sequence's where there is one, else the planned-look interval's.
 *
 * @param lossesA, lossesB  in [0, 1] where `qMin` is given.
 * @param control           predicted loss of a minus predicted loss of b.
 * @param qMin              smallest probability at each draw.
 */
export function compareModels(
  design: DrawDesign,
  lossesA: ArrayLike<number>,
  lossesB: ArrayLike<number>,
  options: { readonly level: number; readonly control?: LossControl; readonly qMin?: ArrayLike<number> },
): PairedModelComparison {
  const { level, control, qMin } = options;
  const losses = Float64Array.from(lossesA, (loss, m) => loss - lossesB[m]);
  const draws = { ...design, losses };
  const difference =
    control === undefined
      ? combineIncrements(martingaleIncrements(draws), design.poolSize)
      : estimateControlled(draws, control);
  const interval = martingaleInterval(difference, { poolSize: design.poolSize, nonZero: countNonZero(losses), level });
  let betting: Interval | null = null;
  if (qMin !== undefined) {
    const sequence = new LossBettingSequence(design.poolSize, { alpha: 1 - level, isDifference: true });
    for (let m = 0; m < losses.length; m++) sequence.add({ q: design.q[m], qMin: qMin[m], loss: losses[m] });
    betting = sequence.interval();
  }
  const decisive = betting ?? interval.interval;
  const better =
    decisive === null ? "not-yet-known" : decisive.high < 0 ? "a" : decisive.low > 0 ? "b" : "not-yet-known";
  return { difference, interval, betting, better };
}
