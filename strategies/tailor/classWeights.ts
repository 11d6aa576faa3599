/** What a label of each class is worth: one weight per class, not normalised, fixed for a whole batch. */
export interface WeightRule {
  /** `balance`: rare classes are worth more; `find`: every positive is worth 1; `custom`: the numbers given. */
  readonly objective: "balance" | "find" | "custom";
  readonly custom: readonly number[];
  /** Whether a class that more than half of the labelled rows have is worth less than nothing. */
  readonly isMajorityNegative: boolean;
}

/**
 * Balance: 1 / max(1, labels of the class); a class that applies to strictly more than half of the labelled rows has the
 * negative of that, where asked for.
 *
 * @param counts   labelled rows of each class when the batch begins.
 * @param nLabelled labelled rows; none gives 1 for every class.
 * Source: Zhang, Shao, Mussmann, Nowak & Jamieson 2023, "Algorithm selection for deep active learning with imbalanced
 *         datasets" (TAILOR).
 */
export function classWeights(rule: WeightRule, counts: ArrayLike<number>, nLabelled: number): Float64Array {
  return Float64Array.from({ length: counts.length }, (_, k) => {
    if (rule.objective === "find") return 1;
    if (rule.objective === "custom") return rule.custom[k] ?? 0;
    const weight = Math.max(1, counts[k]);
    const isMajority = rule.isMajorityNegative && nLabelled > 0 && weight / nLabelled > 0.5;
    return 1 / (isMajority ? -weight : weight);
  });
}
