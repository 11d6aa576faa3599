import { fillNormals } from "../core/keyedNormals";
import { KeyedRandom } from "../core/keyedRandom";
import { symmetricEigen } from "../core/symmetricEigen";
import type { SelectContext } from "../core/types";
import type { WeightedGraph } from "./neighbourGraph";
import { degrees, timesLaplacian } from "./neighbourGraph";

export interface LowEigenpairs {
  /** Ascending. */
  readonly values: Float64Array;
  /** One unit vector of n numbers per value. */
  readonly vectors: readonly Float64Array[];
}

/** Vectors carried beyond the wanted ones. */
const OVERSAMPLE = 8;
/** Degree of the filter, and filtered passes at most. */
const DEGREE = 24;
const PASSES_MAX = 8;
/** Relative change of the sum of the wanted eigenvalues below which the passes end. */
const TOLERANCE = 1e-5;
/** Share of the spectrum's bound from which on the first pass damps. */
const FIRST_CUT = 0.1;

/**
 * The lowest eigenpairs of a graph's Laplacian by subspace iteration with a Chebyshev filter: a polynomial that is small
 * from a cut upwards and grows fast below it; the cut follows the largest value of the subspace.
 *
 * Deterministic: the starting vectors are fixed. Cost O(passes·(degree·edges·r + n·r²)).
 * Source: Zhou, Saad, Tiago & Chelikowsky 2006, "Self-consistent-field calculations using Chebyshev-filtered subspace iteration".
 */
export function lowEigenpairs(
  context: Pick<SelectContext, "checkAbort">,
  graph: WeightedGraph,
  wanted: number,
): LowEigenpairs {
  const { n } = graph;
  const degree = degrees(graph);
  const width = Math.min(n, wanted + OVERSAMPLE);
  // Every eigenvalue of D − W is at most twice the largest degree.
  const bound = 2 * degree.reduce((most, value) => Math.max(most, value), 0) || 1;
  const random = new KeyedRandom("low-eigenpairs", "start");
  let vectors: Float64Array[] = Array.from({ length: width }, (_, i) => {
    const vector = new Float64Array(n);
    fillNormals(random, i, vector);
    return vector;
  });
  let values: Float64Array = new Float64Array(width);
  let cut = FIRST_CUT * bound;
  let before = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    for (const vector of vectors) {
      context.checkAbort();
      filter(graph, degree, vector, cut, bound);
    }
    vectors = orthonormal(vectors, n);
    ({ values, vectors } = rotate(graph, degree, vectors));
    const kept = Math.min(wanted, vectors.length);
    const sum = values.subarray(0, kept).reduce((total, value) => total + value, 0);
    if (before - sum <= TOLERANCE * Math.max(sum, Number.MIN_VALUE)) break;
    before = sum;
    cut = Math.min(0.9 * bound, Math.max(values[vectors.length - 1], 1e-6 * bound));
  }
  const kept = Math.min(wanted, vectors.length);
  return { values: values.slice(0, kept).map((value) => Math.max(0, value)), vectors: vectors.slice(0, kept) };
}

/** Chebyshev polynomial of the Laplacian, small on [cut, bound], applied in place and scaled to stay finite. */
function filter(graph: WeightedGraph, degree: Float64Array, vector: Float64Array, cut: number, bound: number): void {
  const { n } = graph;
  const half = (bound - cut) / 2;
  const centre = (bound + cut) / 2;
  // Scaled so that the polynomial is 1 at eigenvalue 0.
  let sigma = half / -centre;
  const tau = 2 / sigma;
  let previous = vector.slice();
  let current = new Float64Array(n);
  timesLaplacian(graph, degree, vector, current);
  for (let i = 0; i < n; i++) current[i] = (sigma / half) * (current[i] - centre * vector[i]);
  let next = new Float64Array(n);
  for (let step = 2; step <= DEGREE; step++) {
    const sigmaNext = 1 / (tau - sigma);
    timesLaplacian(graph, degree, current, next);
    const scale = (2 * sigmaNext) / half;
    for (let i = 0; i < n; i++) next[i] = scale * (next[i] - centre * current[i]) - sigma * sigmaNext * previous[i];
    [previous, current, next] = [current, next, previous];
    sigma = sigmaNext;
  }
  vector.set(current);
}

/** Vectors that keep less than this share of their length depend on earlier ones and are dropped. */
const DEPENDENT = 1e-9;

/** Gram-Schmidt, twice; dependent vectors are left out. */
function orthonormal(vectors: readonly Float64Array[], n: number): Float64Array[] {
  const kept: Float64Array[] = [];
  for (const vector of vectors) {
    const length = Math.sqrt(dot(vector, vector, n));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of kept) {
        const along = dot(vector, other, n);
        for (let i = 0; i < n; i++) vector[i] -= along * other[i];
      }
    }
    const rest = Math.sqrt(dot(vector, vector, n));
    if (!(rest > DEPENDENT * length)) continue;
    for (let i = 0; i < n; i++) vector[i] /= rest;
    kept.push(vector);
  }
  return kept;
}

/** Rayleigh-Ritz: the eigenpairs of the Laplacian within the span, ascending. */
function rotate(graph: WeightedGraph, degree: Float64Array, vectors: readonly Float64Array[]) {
  const { n } = graph;
  const r = vectors.length;
  const small = new Float64Array(r * r);
  const image = new Float64Array(n);
  for (let i = 0; i < r; i++) {
    timesLaplacian(graph, degree, vectors[i], image);
    for (let j = 0; j <= i; j++) {
      // Negated: the eigenvalues come largest first.
      const value = -dot(image, vectors[j], n);
      small[i * r + j] = value;
      small[j * r + i] = value;
    }
  }
  const { values, vectors: turn } = symmetricEigen(small, r);
  const turned = Array.from({ length: r }, (_, j) => {
    const out = new Float64Array(n);
    for (let q = 0; q < r; q++) {
      const weight = turn[q * r + j];
      for (let i = 0; i < n; i++) out[i] += weight * vectors[q][i];
    }
    return out;
  });
  return { values: values.map((value) => -value), vectors: turned };
}

function dot(a: Float64Array, b: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}
