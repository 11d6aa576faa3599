import type { VoteGroups } from "./voteGroups";

/** A belief over models, as the entropy of hypothetical answers needs it. */
export interface ModelPosterior {
  /** p_j and p_j ln p_j side by side, 2 × models. */
  readonly weights: Float64Array;
  /** Entropy in nats. */
  readonly entropy: number;
}

/**
 * p_j ∝ γ^(correct answers of j), in log space: counts are all there is to remember, and nothing is smoothed or floored;
 * 0 · ln 0 is 0.
 */
export function posteriorOf(correct: ArrayLike<number>, logGamma: number): ModelPosterior {
  const m = correct.length;
  let largest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < m; j++) largest = Math.max(largest, correct[j] * logGamma);
  let sum = 0;
  for (let j = 0; j < m; j++) sum += Math.exp(correct[j] * logGamma - largest);
  const logSum = largest + Math.log(sum);
  const weights = new Float64Array(2 * m);
  let entropy = 0;
  for (let j = 0; j < m; j++) {
    const logP = correct[j] * logGamma - logSum;
    const p = Math.exp(logP);
    weights[2 * j] = p;
    weights[2 * j + 1] = p === 0 ? 0 : p * logP;
    entropy -= weights[2 * j + 1];
  }
  return { weights, entropy };
}

/**
 * Expected entropy of the belief after each shape's items are answered, in bits: (1/C) Σ_c H(belief | answer c), all C
 * classes weighing the same, those that nobody predicts too.
 *
 * With S_c and T_c the sums of p and p ln p over the models that say c and Z_c = 1 + (γ−1)S_c, H_c = ln Z_c −
 * [(γ−1)T_c + γ ln γ · S_c − H₀]/Z_c; the logarithms of all classes are one logarithm of their product, which stays
 * below e^(γ−1). O(dissenting models + predicted classes) per shape.
 *
 * @param shapes which shapes; `out` is aligned with it.
 * Source: Okanovic et al. 2025, "All models are wrong, some are useful: model selection with limited labels".
 */
export function expectedEntropies(
  groups: VoteGroups,
  posterior: ModelPosterior,
  epsilon: number,
  shapes: Uint32Array,
  out: Float64Array,
): void {
  const { nClasses, groupStarts, memberStarts, members, isAbstention } = groups;
  const { weights, entropy } = posterior;
  const gamma = (1 - epsilon) / epsilon;
  const gain = gamma - 1;
  const shift = gamma * Math.log(gamma);
  const toBits = 1 / (nClasses * Math.LN2);
  for (let k = 0; k < shapes.length; k++) {
    const shape = shapes[k];
    const end = groupStarts[shape + 1];
    let product = 1;
    let sum = 0;
    let restS = 1;
    let restT = -entropy;
    let unpredicted = nClasses - 1;
    for (let g = groupStarts[shape]; g < end; g++) {
      let s = 0;
      let t = 0;
      for (let at = memberStarts[g]; at < memberStarts[g + 1]; at++) {
        const j = members[at] << 1;
        s += weights[j];
        t += weights[j + 1];
      }
      restS -= s;
      restT -= t;
      if (isAbstention[g] === 1) continue;
      const z = 1 + gain * s;
      product *= z;
      sum += (gain * t + shift * s - entropy) / z;
      unpredicted--;
    }
    const z = 1 + gain * restS;
    product *= z;
    sum += (gain * restT + shift * restS - entropy) / z;
    out[k] = (Math.log(product) - sum + unpredicted * entropy) * toBits;
  }
}
