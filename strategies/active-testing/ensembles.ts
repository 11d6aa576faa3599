import type { ClassProbabilities } from "./proposals";
import { clippedRow, expectedError, expectedLogLoss } from "./proposals";

/** Mean of the members' class probabilities. @param members at least one, all of one shape. */
export function ensembleMean(members: readonly ClassProbabilities[]): ClassProbabilities {
  const { n, nClasses } = checkMembers(members);
  const values = new Float64Array(n * nClasses);
  for (const member of members) for (let i = 0; i < values.length; i++) values[i] += member.values[i] / members.length;
  return { values, n, nClasses };
}

/** p ln p with 0 · ln 0 = 0. */
function plogp(p: number): number {
  return p > 0 ? p * Math.log(p) : 0;
}

/** Disagreement of the members per class: −π̄_y ln π̄_y + mean_k π_ky ln π_ky ≥ 0, handed to `add` with item and class. */
function eachDisagreement(
  members: readonly ClassProbabilities[],
  add: (item: number, y: number, gain: number) => void,
): void {
  const { n, nClasses } = checkMembers(members);
  const mean = ensembleMean(members);
  for (let i = 0; i < n; i++) {
    for (let y = 0; y < nClasses; y++) {
      const at = i * nClasses + y;
      let inner = 0;
      for (const member of members) inner += plogp(member.values[at]) / members.length;
      add(i, y, inner - plogp(mean.values[at]));
    }
  }
}

/** Mutual information of label and member: entropy of the mean minus mean of the entropies, in nats. */
export function ensembleMutualInformation(members: readonly ClassProbabilities[]): Float64Array {
  const scores = new Float64Array(checkMembers(members).n);
  eachDisagreement(members, (i, _, gain) => {
    scores[i] += gain;
  });
  return scores;
}

/**
 * XWED: the members' disagreement per class weighted by the target's log loss of that class; ≥ 0. Its largest items are
 * taken without chance, so labels chosen by it serve a model-based guess only, never LURE.
 *
 * Source: Kossen et al. 2022, "Active surrogate estimators".
 */
export function xwedScores(target: ClassProbabilities, members: readonly ClassProbabilities[]): Float64Array {
  const { n, nClasses } = checkMembers(members);
  if (target.n !== n || target.nClasses !== nClasses) {
    throw new RangeError(`xwedScores: the target is ${target.n} × ${target.nClasses}, the members ${n} × ${nClasses}.`);
  }
  const scores = new Float64Array(n);
  const row = new Float64Array(nClasses);
  let current = -1;
  eachDisagreement(members, (i, y, gain) => {
    if (i !== current) clippedRow(target, i, row);
    current = i;
    scores[i] -= Math.log(row[y]) * gain;
  });
  return scores;
}

/** A guess that rests on a model alone. It has no interval: all its error is the surrogate's bias. */
export interface ModelBasedGuess {
  readonly kind: "model-based-guess";
  readonly value: number;
  /** What every item adds: usable as a control variate, which makes it safe. */
  readonly perItem: Float64Array;
}

/**
 * Mean expected loss over the frame with labels from the surrogate (ASE). As good as the surrogate and no better: show it
 * as a guess beside the estimate, never in its place.
 */
export function modelBasedGuess(
  target: ClassProbabilities,
  surrogate: ClassProbabilities,
  loss: "log-loss" | "error",
): ModelBasedGuess {
  const perItem = loss === "error" ? expectedError(target, surrogate) : expectedLogLoss(target, surrogate);
  let value = 0;
  for (let i = 0; i < perItem.length; i++) value += perItem[i] / perItem.length;
  return { kind: "model-based-guess", value, perItem };
}

function checkMembers(members: readonly ClassProbabilities[]): { n: number; nClasses: number } {
  if (members.length === 0) throw new RangeError("An ensemble needs at least one member.");
  const { n, nClasses } = members[0];
  if (members.some((member) => member.n !== n || member.nClasses !== nClasses)) {
    throw new RangeError("The members of an ensemble must have the same shape.");
  }
  return { n, nClasses };
}
