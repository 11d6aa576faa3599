import type { Kernels } from "../kernels/types";
import { fillNormals } from "./keyedNormals";
import type { KeyedRandom } from "./keyedRandom";
import type { LabelledFeatures } from "./labelledFeatures";
import type { LinearModel } from "./linearModel";
import { predictRow } from "./predictRow";

/**
 * Draws heads from a Gaussian around the head that was trained: the Laplace approximation of its posterior with the
 * curvature taken as a Kronecker product of the inputs' and the outputs' second moments.
 *
 * With n labelled rows x (1 appended for the bias), A = Xᵀ·X / n and B = mean of diag(p) − p·pᵀ (by sign: diag(p·(1 − p))),
 * the precision is (√n·A + √τ·I) ⊗ (√n·B + √τ·I). Without labels it is τ alone.
 *
 * Source: Ritter, Botev & Barber 2018, "A scalable Laplace approximation for neural networks", ICLR.
 *
 * @param precision τ > 0, that of the weights' prior.
 * @returns `samples` heads, each (d + 1) × c: weights, then the bias.
 * Cost: O(min(n, d)³ + samples·c·min(n, d)·d).
 */
export function laplaceHeads(
  kernels: Kernels,
  model: LinearModel,
  labelled: LabelledFeatures,
  args: { readonly samples: number; readonly precision: number; readonly random: KeyedRandom },
): Float64Array[] {
  const { c, d } = model;
  const { samples, precision, random } = args;
  const prior = Math.sqrt(precision);
  const x = withOnes(labelled);
  const width = d + 1;
  const columns = samples * c;
  const inputs = drawInputs(kernels, x, labelled.n, width, columns, prior, random);
  const outputFactor = outputCholesky(kernels, model, labelled, prior);
  const heads: Float64Array[] = [];
  for (let s = 0; s < samples; s++) {
    // One sample is Z·F⁻¹ with F·Fᵀ the output factor: F⁻ᵀ is solved for on the transpose, column by column.
    const transposed = new Float64Array(c * width);
    for (let j = 0; j < width; j++)
      for (let k = 0; k < c; k++) transposed[k * width + j] = inputs[j * columns + s * c + k];
    kernels.solveLowerTransposed(outputFactor, c, transposed, width);
    const head = new Float64Array(width * c);
    for (let j = 0; j < width; j++) {
      for (let k = 0; k < c; k++) {
        const mean = j < d ? model.weights[j * c + k] : model.bias[k];
        head[j * c + k] = mean + transposed[k * width + j];
      }
    }
    heads.push(head);
  }
  return heads;
}

function withOnes({ x, n, d }: LabelledFeatures): Float64Array {
  const out = new Float64Array(n * (d + 1));
  for (let i = 0; i < n; i++) {
    out.set(x.subarray(i * d, (i + 1) * d), i * (d + 1));
    out[i * (d + 1) + d] = 1;
  }
  return out;
}

/**
 * `columns` draws from N(0, U⁻¹) with U = Xᵀ·X / √n + prior·I, as the columns of a width × columns matrix. With more rows than
 * columns of X by the factor of U; else by solving U·w = X̂ᵀ·ε₁ + √prior·ε₂, whose right side has covariance U, through the
 * n × n system.
 */
function drawInputs(
  kernels: Kernels,
  x: Float64Array,
  n: number,
  width: number,
  columns: number,
  prior: number,
  random: KeyedRandom,
): Float64Array {
  const noise = normals(random, 0, width, columns);
  if (n === 0) {
    for (let i = 0; i < noise.length; i++) noise[i] /= Math.sqrt(prior);
    return noise;
  }
  const share = 1 / Math.sqrt(n);
  if (n >= width) {
    const u = new Float64Array(width * width);
    kernels.gemmF64({ m: width, n: width, k: n, a: x, b: x, out: u, transA: true, alpha: share });
    for (let j = 0; j < width; j++) u[j * width + j] += prior;
    mustFactor(kernels.cholesky(u, width));
    kernels.solveLowerTransposed(u, width, noise, columns);
    return noise;
  }
  const inner = normals(random, 1, n, columns);
  const target = noise.map((value) => value * Math.sqrt(prior));
  kernels.gemmF64({
    ...{ m: width, n: columns, k: n, a: x, b: inner, out: target },
    ...{ transA: true, alpha: Math.sqrt(share), beta: 1 },
  });
  const gram = new Float64Array(n * n);
  kernels.gemmF64({ m: n, n, k: width, a: x, b: x, out: gram, transB: true });
  for (let i = 0; i < n; i++) gram[i * n + i] += prior / share;
  mustFactor(kernels.cholesky(gram, n));
  const projected = new Float64Array(n * columns);
  kernels.gemmF64({ m: n, n: columns, k: width, a: x, b: target, out: projected });
  kernels.choleskySolve(gram, n, projected, columns);
  kernels.gemmF64({
    ...{ m: width, n: columns, k: n, a: x, b: projected, out: target },
    ...{ transA: true, alpha: -1, beta: 1 },
  });
  for (let i = 0; i < target.length; i++) target[i] /= prior;
  return target;
}

/** Rows of a matrix of normal draws: row j is stream 2·j + kind, so that a wider input keeps the draws it had. */
function normals(random: KeyedRandom, kind: number, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let j = 0; j < rows; j++) fillNormals(random, 2 * j + kind, out.subarray(j * columns, (j + 1) * columns));
  return out;
}

/** Lower factor of √n·B + prior·I. */
function outputCholesky(kernels: Kernels, model: LinearModel, labelled: LabelledFeatures, prior: number): Float64Array {
  const { c } = model;
  const { n } = labelled;
  const b = new Float64Array(c * c);
  const p = new Float64Array(c);
  for (let i = 0; i < n; i++) {
    predictRow(model, labelled.x, i, p);
    for (let j = 0; j < c; j++) {
      b[j * c + j] += p[j] / Math.sqrt(n);
      if (model.kind === "sign") b[j * c + j] -= p[j] ** 2 / Math.sqrt(n);
      else for (let k = 0; k <= j; k++) b[j * c + k] -= (p[j] * p[k]) / Math.sqrt(n);
    }
  }
  for (let j = 0; j < c; j++) b[j * c + j] += prior;
  mustFactor(kernels.cholesky(b, c));
  return b;
}

/** A sum of a semi-definite matrix and a positive multiple of the identity has a factor unless its entries overflow. */
function mustFactor(hasFactor: boolean): void {
  if (!hasFactor)
    throw new RangeError("laplaceHeads: the curvature is not positive definite; embeddings may overflow.");
}
