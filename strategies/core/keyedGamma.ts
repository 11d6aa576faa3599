import type { KeyedRandom } from "./keyedRandom";

/** Shapes are raised to this: the logarithm of a draw stays finite and a Beta of such shapes is a coin all the same. */
const SHAPE_MIN = 1e-9;

/** Rejection accepts 95 of 100 proposals; after so many the bound would be a defect of the generator. */
const PROPOSALS_MAX = 1000;

/**
 * ln of a draw from Gamma(shape, 1), finite for every shape > 0: small shapes are boosted in log space, so that two draws
 * can be compared even where both would round to 0.
 *
 * @param stream counter of this draw; equal streams of one generator give equal draws.
 * Source: Marsaglia & Tsang 2000, "A simple method for generating gamma variables".
 */
export function logGammaDraw(random: KeyedRandom, shape: number, stream: number): number {
  const alpha = Math.max(shape, SHAPE_MIN);
  const boosted = alpha < 1 ? alpha + 1 : alpha;
  const d = boosted - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  let at = 1;
  for (let i = 0; i < PROPOSALS_MAX; i++) {
    const radius = Math.sqrt(-2 * Math.log(random.uniform(at++, stream)));
    const x = radius * Math.cos(2 * Math.PI * random.uniform(at++, stream));
    const u = random.uniform(at++, stream);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    if (Math.log(u) >= 0.5 * x * x + d - d * v + d * Math.log(v)) continue;
    const log = Math.log(d) + Math.log(v);
    return alpha < 1 ? log + Math.log(random.uniform(0, stream)) / alpha : log;
  }
  throw new RangeError(`logGammaDraw: no proposal for shape ${shape} was accepted.`);
}

/** A draw from Beta(a, b), in [0, 1], for all a, b > 0. Uses streams 2·stream and 2·stream + 1. */
export function betaDraw(random: KeyedRandom, a: number, b: number, stream: number): number {
  const difference = logGammaDraw(random, b, 2 * stream + 1) - logGammaDraw(random, a, 2 * stream);
  return 1 / (1 + Math.exp(difference));
}

/** A draw from Dirichlet(shapes) into `out`, entries ≥ 0 with sum 1. Uses streams stream … stream + shapes.length − 1. */
export function dirichletDraw(random: KeyedRandom, shapes: ArrayLike<number>, stream: number, out: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < shapes.length; k++) {
    out[k] = logGammaDraw(random, shapes[k], stream + k);
    if (out[k] > largest) largest = out[k];
  }
  let sum = 0;
  for (let k = 0; k < shapes.length; k++) {
    out[k] = Math.exp(out[k] - largest);
    sum += out[k];
  }
  for (let k = 0; k < shapes.length; k++) out[k] /= sum;
}
