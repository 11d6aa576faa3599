import type { Kernels } from "../kernels/types";
import { keyHi, keyLo } from "./itemKeys";
import type { KeyedRandom } from "./keyedRandom";
import type { LabelledFeatures } from "./labelledFeatures";
import type { LinearModel } from "./linearModel";
import type { ItemKeys } from "./types";

/**
 * Heads refitted to the labelled rows with random weights: the Bayesian bootstrap, in which every row keeps some weight and
 * no class can vanish from a sample.
 *
 * Each minimises Σ wᵢ·loss(xᵢ) + τ/2·|W|² with wᵢ exponential of mean 1, drawn by the row's key, starting at the head that
 * was trained: Nesterov's accelerated gradient with restarts, step 1 / (bound on the curvature).
 *
 * Source: Rubin 1981, "The Bayesian bootstrap", Annals of Statistics; bound on the curvature: Böhning 1992.
 *
 * @returns `samples` heads, each (d + 1) × c: weights, then the bias.
 * Cost: O(samples·iterations·n·d·c).
 */
export function bootstrapHeads(
  kernels: Kernels,
  model: LinearModel,
  labelled: LabelledFeatures,
  args: {
    readonly samples: number;
    readonly precision: number;
    readonly iterations: number;
    /** A stream for each sample, so that no two samples share a row's draw. */
    random(sample: number): KeyedRandom;
    readonly keys: ItemKeys | undefined;
    checkAbort(): void;
  },
): Float64Array[] {
  const { n, d } = labelled;
  const x = new Float32Array(n * (d + 1));
  for (let i = 0; i < n; i++) {
    x.set(labelled.x.subarray(i * d, (i + 1) * d), i * (d + 1));
    x[i * (d + 1) + d] = 1;
  }
  const heads: Float64Array[] = [];
  for (let s = 0; s < args.samples; s++) {
    args.checkAbort();
    const random = args.random(s);
    const weights = Float32Array.from(labelled.rows, (row) => {
      return -Math.log(random.uniform(keyLo(args.keys, row), keyHi(args.keys, row)));
    });
    heads.push(refit(kernels, model, labelled, x, weights, args.precision, args.iterations));
  }
  return heads;
}

function refit(
  kernels: Kernels,
  model: LinearModel,
  labelled: LabelledFeatures,
  x: Float32Array,
  weights: Float32Array,
  precision: number,
  iterations: number,
): Float64Array {
  const { c } = model;
  const { n } = labelled;
  const width = labelled.d + 1;
  let head = startOf(model);
  if (n === 0) return Float64Array.from(head);
  const step = 1 / (curvatureBound(kernels, model, x, n, width, weights) + precision);
  let ahead = head.slice();
  const gradient = new Float32Array(width * c);
  let momentum = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < iterations; i++) {
    const loss = lossGradient(kernels, model, labelled, x, weights, precision, ahead, gradient);
    if (loss > least) {
      // Past the valley: forget the momentum and go on from where the loss was least.
      momentum = 1;
      ahead = head.slice();
      least = Number.POSITIVE_INFINITY;
      continue;
    }
    least = loss;
    const next = ahead.slice();
    kernels.axpy(-step, gradient, next);
    const nextMomentum = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
    const push = (momentum - 1) / nextMomentum;
    ahead = next.map((value, j) => value + push * (value - head[j]));
    momentum = nextMomentum;
    head = next;
  }
  return Float64Array.from(head);
}

function startOf({ d, c, weights, bias }: LinearModel): Float32Array {
  const head = new Float32Array((d + 1) * c);
  head.set(weights);
  head.set(bias, d * c);
  return head;
}

/** Gradient at `head`, and the loss there. The bias is not penalised. */
function lossGradient(
  kernels: Kernels,
  { kind, c }: LinearModel,
  { n, classes, multi }: LabelledFeatures,
  x: Float32Array,
  rowWeights: Float32Array,
  precision: number,
  head: Float32Array,
  gradient: Float32Array,
): number {
  const width = head.length / c;
  const logits = new Float32Array(n * c);
  kernels.gemm({ m: n, n: c, k: width, a: x, b: head, out: logits });
  const common = { logits, n, c, rowWeights, gradient: logits, gradientScale: 1 };
  let loss: number;
  if (kind === "argmax") loss = kernels.softmaxCrossEntropy({ ...common, labels: classes });
  else {
    const targets = multi === undefined ? Float32Array.from(classes) : Float32Array.from(multi);
    loss = kernels.sigmoidCrossEntropy({ ...common, targets });
  }
  kernels.gemm({ m: width, n: c, k: n, a: x, b: logits, out: gradient, transA: true });
  const penalised = (width - 1) * c;
  for (let j = 0; j < penalised; j++) {
    gradient[j] += precision * head[j];
    loss += (precision / 2) * head[j] ** 2;
  }
  return loss;
}

/** Iterations of the power method; what it still lacks is covered by the slack. */
const POWER_ITERATIONS = 20;
const POWER_SLACK = 1.1;

/** Largest curvature of the loss: ½ (softmax) or ¼ (sigmoid) of the largest eigenvalue of Xᵀ·diag(w)·X. */
function curvatureBound(
  kernels: Kernels,
  { kind }: LinearModel,
  x: Float32Array,
  n: number,
  width: number,
  weights: Float32Array,
): number {
  let vector = new Float32Array(width).fill(1);
  const along = new Float32Array(n);
  let eigenvalue = 0;
  for (let i = 0; i < POWER_ITERATIONS; i++) {
    const length = Math.sqrt(kernels.dot(vector, vector));
    if (length === 0) break;
    vector = vector.map((value) => value / length);
    kernels.gemm({ m: n, n: 1, k: width, a: x, b: vector, out: along });
    for (let j = 0; j < n; j++) along[j] *= weights[j];
    const next = new Float32Array(width);
    kernels.gemm({ m: width, n: 1, k: n, a: x, b: along, out: next, transA: true });
    vector = next;
    eigenvalue = Math.sqrt(kernels.dot(vector, vector));
  }
  return (kind === "argmax" ? 0.5 : 0.25) * POWER_SLACK * eigenvalue;
}
