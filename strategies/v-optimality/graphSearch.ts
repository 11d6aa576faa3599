import type { Kernels } from "../kernels/types";
import type { LowEigenpairs } from "./lowEigenpairs";
import type { WeightedGraph } from "./neighbourGraph";
import { degrees } from "./neighbourGraph";

export type GraphCriterion = "v-optimality" | "sigma-optimality";

/**
 * Covariance C of a gaussian field on a graph, conditioned on rows one after the other:
 * C ← C − C_i·C_iᵀ / (γ² + C_ii).
 */
export interface GraphCovariance {
  readonly n: number;
  condition(index: number): void;
  /** V: |C·e_i|² / (γ² + C_ii), the fall of the trace; sigma: (1ᵀ·C·e_i)² / (γ² + C_ii), that of the sum of all entries. */
  gains(criterion: GraphCriterion, out: Float64Array): void;
  /** Sum of the variances left. */
  trace(): number;
}

/** C = (D − W + τI)⁻¹ held whole: 8·n² bytes, O(n²) per row. */
export class DenseCovariance implements GraphCovariance {
  readonly n: number;
  private readonly c: Float64Array;
  private readonly noise: number;

  constructor(kernels: Kernels, graph: WeightedGraph, tau: number, noise: number) {
    const { n, starts, columns, weights } = graph;
    this.n = n;
    this.noise = noise;
    const matrix = new Float64Array(n * n);
    const degree = degrees(graph);
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = degree[i] + tau;
      for (let at = starts[i]; at < starts[i + 1]; at++) matrix[i * n + columns[at]] -= weights[at];
    }
    if (!kernels.cholesky(matrix, n)) throw new RangeError("DenseCovariance: the Laplacian is not positive definite.");
    this.c = new Float64Array(n * n);
    for (let i = 0; i < n; i++) this.c[i * n + i] = 1;
    kernels.choleskySolve(matrix, n, this.c, n);
  }

  condition(index: number): void {
    const { c, n, noise } = this;
    const column = c.slice(index * n, (index + 1) * n);
    const scale = 1 / (noise + column[index]);
    for (let i = 0; i < n; i++) {
      const factor = column[i] * scale;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) c[i * n + j] -= factor * column[j];
    }
  }

  gains(criterion: GraphCriterion, out: Float64Array): void {
    const { c, n, noise } = this;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      let squares = 0;
      for (let j = i * n; j < (i + 1) * n; j++) {
        sum += c[j];
        squares += c[j] * c[j];
      }
      out[i] = (criterion === "v-optimality" ? squares : sum * sum) / (noise + c[i * n + i]);
    }
  }

  trace(): number {
    let sum = 0;
    for (let i = 0; i < this.n; i++) sum += this.c[i * this.n + i];
    return sum;
  }
}

/** C = Q·M·Qᵀ from the lowest r eigenpairs, M = diag(1 / (λ + τ)) at first: 16·n·r bytes, O(n·r) per row. */
export class LowRankCovariance implements GraphCovariance {
  readonly n: number;
  private readonly r: number;
  /** Rows of Q, and M times each. */
  private readonly q: Float64Array;
  private readonly y: Float64Array;
  /** Sums of the columns of Q. */
  private readonly sums: Float64Array;

  constructor(
    { values, vectors }: LowEigenpairs,
    tau: number,
    private readonly noise: number,
  ) {
    const r = vectors.length;
    const n = r === 0 ? 0 : vectors[0].length;
    this.n = n;
    this.r = r;
    this.q = new Float64Array(n * r);
    this.y = new Float64Array(n * r);
    this.sums = new Float64Array(r);
    vectors.forEach((vector, j) => {
      for (let i = 0; i < n; i++) {
        this.q[i * r + j] = vector[i];
        this.y[i * r + j] = vector[i] / (values[j] + tau);
        this.sums[j] += vector[i];
      }
    });
  }

  condition(index: number): void {
    const { n, r, q, y, noise } = this;
    const step = y.slice(index * r, (index + 1) * r);
    let own = 0;
    for (let j = 0; j < r; j++) own += q[index * r + j] * step[j];
    const scale = 1 / (noise + own);
    for (let i = 0; i < n; i++) {
      let along = 0;
      for (let j = 0; j < r; j++) along += q[i * r + j] * step[j];
      along *= scale;
      for (let j = 0; j < r; j++) y[i * r + j] -= along * step[j];
    }
  }

  gains(criterion: GraphCriterion, out: Float64Array): void {
    const { n, r, q, y, sums, noise } = this;
    for (let i = 0; i < n; i++) {
      let variance = 0;
      let squares = 0;
      let sum = 0;
      for (let j = 0; j < r; j++) {
        const value = y[i * r + j];
        variance += q[i * r + j] * value;
        squares += value * value;
        sum += sums[j] * value;
      }
      out[i] = (criterion === "v-optimality" ? squares : sum * sum) / (noise + Math.max(0, variance));
    }
  }

  trace(): number {
    let sum = 0;
    for (let i = 0; i < this.q.length; i++) sum += this.q[i] * this.y[i];
    return sum;
  }
}

export interface GraphPick {
  readonly index: number;
  readonly gain: number;
}

/**
 * Conditions on the known rows, then picks n open ones, each the one with the largest gain given all before.
 * Ties: lowest position.
 * @returns the picks and the gain each row would have given first.
 */
export function searchGraph(
  covariance: GraphCovariance,
  isKnown: Uint8Array,
  n: number,
  criterion: GraphCriterion,
  checkAbort: () => void,
): { readonly picks: readonly GraphPick[]; readonly firstGains: Float64Array } {
  const isTaken = isKnown.slice();
  for (let i = 0; i < isKnown.length; i++) {
    if (isKnown[i] === 0) continue;
    covariance.condition(i);
    checkAbort();
  }
  const gains = new Float64Array(covariance.n);
  const picks: GraphPick[] = [];
  let firstGains = new Float64Array(0);
  while (picks.length < n) {
    covariance.gains(criterion, gains);
    if (picks.length === 0) firstGains = gains.filter((_, i) => isKnown[i] === 0);
    let best = -1;
    for (let i = 0; i < gains.length; i++) if (isTaken[i] === 0 && (best < 0 || gains[i] > gains[best])) best = i;
    if (best < 0) break;
    picks.push({ index: best, gain: gains[best] });
    isTaken[best] = 1;
    covariance.condition(best);
    checkAbort();
  }
  return { picks, firstGains };
}
