import type { ClusterWeight, FeatureKernels, Floats } from "../types";

export const featureReference: FeatureKernels = {
  rowDots(args) {
    checkFeatureShapes("rowDots", args);
    const { x, n, d, vector, out } = args;
    for (let i = 0; i < n; i++) out[i] = rowDot(x, i, vector, 0, d);
  },
  rowSquares(args) {
    checkFeatureShapes("rowSquares", args);
    const { x, n, d, out } = args;
    for (let i = 0; i < n; i++) out[i] = rowDot(x, i, x, i, d);
  },
  rowDotPairs(args) {
    checkFeatureShapes("rowDotPairs", args);
    const { x, n, d, first, second, outFirst, outSecond } = args;
    for (let i = 0; i < n; i++) {
      outFirst[i] = rowDot(x, i, first, 0, d);
      outSecond[i] = rowDot(x, i, second, 0, d);
    }
  },
  gemmF64(args) {
    const { m, n, k, a, b, out, transA = false, transB = false, alpha = 1, beta = 0 } = args;
    checkFeatureShapes("gemmF64", { a, b, out, m, n, k });
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += a[transA ? l * m + i : i * k + l] * b[transB ? j * k + l : l * n + j];
        out[i * n + j] = alpha * sum + (beta === 0 ? 0 : beta * out[i * n + j]);
      }
    }
  },
  nearestCenters(args) {
    checkFeatureShapes("nearestCenters", args);
    const { x, n, d, norms, centers, centerNorms, m, firstIndex, minDist, owner, isClamped } = args;
    const round = rounding(x);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) {
        let distance = round(round(norms[i] + centerNorms[j]) - 2 * rowDot(x, i, centers, j, d));
        if (isClamped && distance < 0) distance = 0;
        if (distance < minDist[i]) {
          minDist[i] = distance;
          owner[i] = firstIndex + j;
        }
      }
    }
  },
  nearestPruned(args) {
    checkFeatureShapes("nearestPruned", args);
    const { center, centerNorm, centerIndex, n, x, d, norms, minDist, owner, isClamped, short, long } = args;
    let evaluated = 0;
    for (let i = 0; i < n; i++) {
      const reach = minDist[i] + args.slacks[i] + args.centerSlack;
      let gap = squaredGap(short.rows, i, short.center, short.dim);
      if (gap >= reach) continue;
      if (long !== undefined) {
        const rest = short.rows[(i + 1) * short.dim - 1] - short.center[short.dim - 1];
        gap += squaredGap(long.rows, i, long.center, long.dim) - rest * rest;
        if (gap >= reach) continue;
      }
      evaluated++;
      const round = rounding(x);
      let distance = round(round(norms[i] + centerNorm) - 2 * rowDot(x, i, center, 0, d));
      if (isClamped && distance < 0) distance = 0;
      if (distance < minDist[i]) {
        minDist[i] = distance;
        owner[i] = centerIndex;
      }
    }
    return evaluated;
  },
  orderHeap(heap, n, values) {
    checkFeatureShapes("orderHeap", { heap, values, n });
    for (let i = 0; i < n; i++) heap[i] = i;
    for (let i = (n >> 1) - 1; i >= 0; i--) siftDown(heap, n, values, i);
  },
  farthestOfHeap(args) {
    checkFeatureShapes("farthestOfHeap", args);
    const { x, d, norms, vectors, scalars, nVectors, heap, n, values, owner, steps } = args;
    const round = rounding(x);
    return firstOfHeap({ heap, n, values, steps, nVectors }, (row, t, value) => {
      const distance = Math.max(0, round(round(norms[row] + scalars[t]) - 2 * rowDot(x, row, vectors, t, d)));
      if (!(distance < value)) return value;
      owner[row] = t;
      return distance;
    });
  },
  uncertainOfHeap(args) {
    checkFeatureShapes("uncertainOfHeap", args);
    const { x, d, vectors, scalars, nVectors, heap, n, values, steps } = args;
    return firstOfHeap({ heap, n, values, steps, nVectors }, (row, t, value) => {
      const product = rowDot(x, row, vectors, t, d);
      return value - (product * product) / scalars[t];
    });
  },
  sinkFirst(heap, n, values) {
    checkFeatureShapes("sinkFirst", { heap, values, n });
    siftDown(heap, n, values, 0);
  },
  largestCluster(args) {
    checkFeatureShapes("largestCluster", args);
    const { minDist, owner, taken, n, weight, sizes, nCenters } = args;
    sizes.fill(0, 0, nCenters);
    for (let i = 0; i < n; i++) if (owner[i] >= 0) sizes[owner[i]] += weightOf(weight, minDist[i]);
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < nCenters; j++) largest = Math.max(largest, sizes[j]);
    let best = -1;
    for (let i = 0; i < n; i++) {
      if (owner[i] < 0 || taken[i] !== 0 || sizes[owner[i]] !== largest) continue;
      if (best < 0 || minDist[i] > minDist[best]) best = i;
    }
    return best;
  },
};

function weightOf(weight: ClusterWeight, distance: number): number {
  if (weight === "count") return 1;
  return weight === "distance" ? Math.sqrt(Math.max(distance, 0)) : distance;
}

/** float32 arithmetic rounds after every step, float64 does not. */
function rounding(x: Floats): (value: number) => number {
  return x instanceof Float32Array ? Math.fround : (value) => value;
}

/** Summed in float64 and rounded once: the truth that the kernels' float32 sums are compared with. */
function rowDot(a: Floats, i: number, b: Floats, j: number, d: number): number {
  let sum = 0;
  for (let l = 0; l < d; l++) sum += a[i * d + l] * b[j * d + l];
  return a instanceof Float32Array ? Math.fround(sum) : sum;
}

function squaredGap(rows: Float32Array, i: number, center: Float32Array, d: number): number {
  let sum = 0;
  for (let l = 0; l < d; l++) sum += (rows[i * d + l] - center[l]) ** 2;
  return sum;
}

function isBefore(values: Floats, a: number, b: number): boolean {
  const va = values[a];
  const vb = values[b];
  return va > vb || (va === vb && a < b) || (!Number.isNaN(va) && Number.isNaN(vb));
}

function siftDown(heap: Int32Array, n: number, values: Floats, from: number): void {
  const row = heap[from];
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= n) break;
    if (child + 1 < n && isBefore(values, heap[child + 1], heap[child])) child++;
    if (!isBefore(values, heap[child], row)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = row;
}

function firstOfHeap(
  args: { heap: Int32Array; n: number; values: Floats; steps: Int32Array; nVectors: number },
  lower: (row: number, t: number, value: number) => number,
): number {
  const { heap, n, values, steps, nVectors } = args;
  if (n === 0) return -1;
  for (;;) {
    const row = heap[0];
    if (steps[row] >= nVectors) return row;
    const bound = Math.max(
      n > 1 ? values[heap[1]] : Number.NEGATIVE_INFINITY,
      n > 2 ? values[heap[2]] : Number.NEGATIVE_INFINITY,
    );
    const atLeast = steps[row] + Math.floor(steps[row] / 4);
    do {
      values[row] = lower(row, steps[row], values[row]);
      steps[row]++;
    } while (steps[row] < nVectors && !(values[row] < bound && steps[row] > atLeast));
    siftDown(heap, n, values, 0);
  }
}

type Shapes = Readonly<Record<string, unknown>>;

/** Elements each array must have, from the sizes of the same call. */
const LENGTHS: Readonly<Record<string, (s: Record<string, number>) => number>> = {
  x: (s) => s.n * s.d,
  vector: (s) => s.d,
  first: (s) => s.d,
  second: (s) => s.d,
  center: (s) => s.d,
  centers: (s) => s.m * s.d,
  centerNorms: (s) => s.m,
  vectors: (s) => s.nVectors * s.d,
  scalars: (s) => s.nVectors,
  sizes: (s) => s.nCenters,
  a: (s) => s.m * s.k,
  b: (s) => s.k * s.n,
};
const PER_ROW = ["norms", "minDist", "owner", "taken", "heap", "values", "steps", "outFirst", "outSecond", "slacks"];

/** @throws RangeError when an array is shorter than the sizes say, or when element types are mixed. */
export function checkFeatureShapes(kernel: string, args: object): void {
  const given = args as Shapes;
  const sizes = given as Record<string, number>;
  let floats: "Float32Array" | "Float64Array" | undefined;
  for (const [name, value] of Object.entries(given)) {
    if (!(value instanceof Float32Array || value instanceof Float64Array || value instanceof Int32Array)) continue;
    const isProduct = kernel === "gemmF64" && name === "out";
    const wanted = isProduct
      ? sizes.m * sizes.n
      : PER_ROW.includes(name) || name === "out"
        ? sizes.n
        : LENGTHS[name](sizes);
    if (!(value.length >= wanted)) {
      throw new RangeError(`${kernel}: ${name} must have at least ${wanted} elements, got ${value.length}.`);
    }
    if (value instanceof Int32Array || name === "sizes") continue;
    const type = value instanceof Float64Array ? "Float64Array" : "Float32Array";
    floats ??= type;
    if (type !== floats) throw new RangeError(`${kernel}: ${name} is a ${type}; the arrays before it are ${floats}.`);
  }
  for (const part of ["short", "long"]) {
    const rows = given[part] as { rows: Float32Array; center: Float32Array; dim: number } | undefined;
    if (rows === undefined) continue;
    if (rows.dim % 8 !== 0 || rows.rows.length < sizes.n * rows.dim || rows.center.length < rows.dim) {
      throw new RangeError(
        `${kernel}: ${part} must have ${sizes.n} rows of a multiple of 8 values, got dim ${rows.dim}.`,
      );
    }
  }
}
