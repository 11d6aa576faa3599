import { betaDraw, dirichletDraw } from "../core/keyedGamma";
import type { KeyedRandom } from "../core/keyedRandom";
import type { BatchOutcome } from "../core/openRows";

/** What one arm's rows turned out to be: discounted counts of labels with and without each class, both starting at 1. */
export interface ArmBelief {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

export function flatBelief(nClasses: number): ArmBelief {
  return { a: new Float64Array(nClasses).fill(1), b: new Float64Array(nClasses).fill(1) };
}

/**
 * Credits the outcomes of earlier batches, oldest first. A batch discounts every arm's counts, the prior included, once:
 * when the first of its answers has come. Answers that come later are added without another discount, and a batch that
 * nobody answered discounts nothing.
 *
 * @param beliefs by arm; changed in place. Every arm named in the outcomes must be there.
 */
export function creditOutcomes(
  beliefs: ReadonlyMap<string, ArmBelief>,
  outcomes: readonly BatchOutcome[],
  gamma: number,
): void {
  for (const { batch, labelled } of outcomes) {
    if (labelled.length === 0) continue;
    if (!batch.isClosed) {
      for (const { a, b } of beliefs.values()) {
        for (let k = 0; k < a.length; k++) {
          a[k] *= gamma;
          b[k] *= gamma;
        }
      }
    }
    for (const { arm, label } of labelled) {
      const { a, b } = beliefs.get(arm)!;
      label.forEach((y, k) => {
        a[k] += y;
        b[k] += 1 - y;
      });
    }
  }
}

/** How class probabilities of the arms are drawn from the beliefs. */
export interface DrawRule {
  readonly isMultiLabel: boolean;
  /** Added to the shapes of the Dirichlet: 0 draws from the belief itself, 1 as the released code does. */
  readonly dirichletOffset: number;
}

/**
 * One Thompson draw for every arm: independent Betas per class in multi-label projects, a Dirichlet over the classes in
 * single-label ones.
 *
 * @param first  draws of one generator do not overlap where they are `streamsPerDraw` apart.
 * @param theta  arms × classes, overwritten.
 */
export function drawTheta(
  rule: DrawRule,
  beliefs: readonly ArmBelief[],
  random: KeyedRandom,
  first: number,
  theta: Float64Array,
): void {
  const width = beliefs[0]?.a.length ?? 0;
  const shapes = new Float64Array(width);
  beliefs.forEach(({ a, b }, i) => {
    const row = theta.subarray(i * width, (i + 1) * width);
    if (rule.isMultiLabel) {
      for (let k = 0; k < width; k++) row[k] = betaDraw(random, a[k], b[k], first + i * width + k);
      return;
    }
    for (let k = 0; k < width; k++) shapes[k] = a[k] + rule.dirichletOffset;
    dirichletDraw(random, shapes, first + i * width, row);
  });
}

/** Σ_k θ_ik v_k of every arm. */
export function rewardsOf(theta: Float64Array, weights: Float64Array, rewards: Float64Array): void {
  const width = weights.length;
  for (let i = 0; i < rewards.length; i++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += theta[i * width + k] * weights[k];
    rewards[i] = sum;
  }
}

/** Expected reward of an arm under its belief, without a draw. */
export function expectedReward(rule: DrawRule, belief: ArmBelief, weights: Float64Array): number {
  const { a, b } = belief;
  let total = 0;
  for (let k = 0; k < a.length; k++) total += a[k];
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (weights[k] * a[k]) / (rule.isMultiLabel ? a[k] + b[k] : total);
  return sum;
}

/** Index of the largest reward among the arms that are open; ties by lowest index; −1 when none is. */
export function bestArm(rewards: Float64Array, isOpen: (i: number) => boolean): number {
  let best = -1;
  for (let i = 0; i < rewards.length; i++) {
    if (isOpen(i) && (best < 0 || rewards[i] > rewards[best])) best = i;
  }
  return best;
}

/** Numbers drawn at most to find the chances of the arms: large projects get fewer draws. */
const CHANCE_NUMBERS = 4_000_000;
const CHANCE_DRAWS_MAX = 1000;
const CHANCE_DRAWS_MIN = 100;

/** How often each arm has the largest reward, over up to 1000 draws of their own from the same beliefs. */
export function chancesOf(
  rule: DrawRule,
  beliefs: readonly ArmBelief[],
  weights: Float64Array,
  random: KeyedRandom,
): { readonly chances: Float64Array; readonly draws: number } {
  const size = beliefs.length * weights.length;
  const draws = Math.max(CHANCE_DRAWS_MIN, Math.min(CHANCE_DRAWS_MAX, Math.floor(CHANCE_NUMBERS / Math.max(1, size))));
  const chances = new Float64Array(beliefs.length);
  const theta = new Float64Array(size);
  const rewards = new Float64Array(beliefs.length);
  for (let draw = 0; draw < draws; draw++) {
    drawTheta(rule, beliefs, random, draw * size, theta);
    rewardsOf(theta, weights, rewards);
    chances[bestArm(rewards, () => true)] += 1 / draws;
  }
  return { chances, draws };
}
