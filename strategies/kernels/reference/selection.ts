import { checkLength } from "../checkLength";
import type { SelectionKernels } from "../types";

/** Largest k of `fisherStep`: its working space is the kernels' scratch. */
export const FISHER_CLASSES_MAX = 224;

type GradientArguments = Parameters<SelectionKernels["gradientDistanceUpdate"]>[0];
type FisherArguments = Parameters<SelectionKernels["fisherStep"]>[0];

/** Selection kernels written for reading. */
export const selectionReference: SelectionKernels = {
  gradientDistanceUpdate(args) {
    checkGradients(args);
    const { n, d, c, x, p, norms, center, centerP, centerNorm, minDist, closest, centerIndex = -1 } = args;
    for (let i = 0; i < n; i++) {
      let long = 0;
      for (let j = 0; j < d; j++) long += x[i * d + j] * center[j];
      let short = 0;
      for (let j = 0; j < c; j++) short += p[i * c + j] * centerP[j];
      const distance = Math.max(0, Math.fround(norms[i] + centerNorm - 2 * short * long));
      if (distance < minDist[i]) {
        minDist[i] = distance;
        if (closest !== undefined) closest[i] = centerIndex;
      }
    }
  },

  fisherStep(args) {
    checkFisher(args);
    const { n, k, products, a, b, sign, traces } = args;
    for (let i = 0; i < n; i++) {
      const pairA = a.subarray(i * k * k, (i + 1) * k * k);
      const pairB = b.subarray(i * k * k, (i + 1) * k * k);
      if (products !== undefined) changePair(args, i, pairA, pairB);
      traces[i] = traceOf(pairA, pairB, k, sign);
    }
  },
};

export function checkGradients({
  n,
  d,
  c,
  x,
  lengths,
  p,
  norms,
  center,
  centerP,
  minDist,
  closest,
}: GradientArguments) {
  checkLength("gradientDistanceUpdate", "x", x, n * d);
  checkLength("gradientDistanceUpdate", "lengths", lengths, n);
  checkLength("gradientDistanceUpdate", "p", p, n * c);
  checkLength("gradientDistanceUpdate", "norms", norms, n);
  checkLength("gradientDistanceUpdate", "center", center, d);
  checkLength("gradientDistanceUpdate", "centerP", centerP, c);
  checkLength("gradientDistanceUpdate", "minDist", minDist, n);
  if (closest !== undefined) checkLength("gradientDistanceUpdate", "closest", closest, n);
}

export function checkFisher({ n, k, scales, p, products, a, b, traces }: FisherArguments): void {
  if (k > FISHER_CLASSES_MAX) throw new RangeError(`fisherStep: at most ${FISHER_CLASSES_MAX} classes, got ${k}.`);
  checkLength("fisherStep", "scales", scales, n * k);
  if (p !== undefined) checkLength("fisherStep", "p", p, n * k);
  if (products !== undefined) checkLength("fisherStep", "products", products, n * k * 2 * k);
  checkLength("fisherStep", "a", a, n * k * k);
  checkLength("fisherStep", "b", b, n * k * k);
  checkLength("fisherStep", "traces", traces, n);
}

function changePair({ k, scales, p, products, sign }: FisherArguments, row: number, a: Float64Array, b: Float64Array) {
  const width = 2 * k;
  const at = (c: number, j: number) => products![(row * k + c) * width + j];
  const factor = new Float64Array(k * width);
  for (let j = 0; j < width; j++) {
    let mean = 0;
    if (p !== undefined) for (let c = 0; c < k; c++) mean += p[row * k + c] * at(c, j);
    for (let c = 0; c < k; c++) factor[c * width + j] = scales[row * k + c] * (at(c, j) - mean);
  }
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      for (let q = 0; q < k; q++) {
        const [xi, wi] = [factor[i * width + q], factor[i * width + k + q]];
        const [xj, wj] = [factor[j * width + q], factor[j * width + k + q]];
        a[i * k + j] -= sign * xi * xj;
        b[i * k + j] -= sign * (xi * wj + wi * xj);
      }
    }
  }
}

/** tr((I + sign·A)⁻¹·B) by Gauss-Jordan elimination of [I + sign·A | B] without pivoting. */
function traceOf(a: Float64Array, b: Float64Array, k: number, sign: number): number {
  const left = Float64Array.from(a, (value, i) => sign * value + (i % (k + 1) === 0 ? 1 : 0));
  const right = b.slice();
  for (let i = 0; i < k; i++) {
    const pivot = left[i * k + i];
    if (!(pivot > 0)) return Number.POSITIVE_INFINITY;
    for (let r = 0; r < k; r++) {
      if (r === i) continue;
      const factor = left[r * k + i] / pivot;
      if (factor === 0) continue;
      for (let j = 0; j < k; j++) {
        left[r * k + j] -= factor * left[i * k + j];
        right[r * k + j] -= factor * right[i * k + j];
      }
    }
  }
  let trace = 0;
  for (let i = 0; i < k; i++) trace += right[i * k + i] / left[i * k + i];
  return trace;
}
