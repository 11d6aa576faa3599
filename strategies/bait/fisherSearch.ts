import { kernelDoubles } from "../core/doubleRows";
import type { Kernels } from "../kernels/types";
import type { FisherRows } from "./fisherRows";

/** What stays fixed while rows are added and removed. */
export interface FisherProblem {
  readonly rows: FisherRows;
  /** Mean Fisher matrix of the pool, q×q with q = k·d, by class blocks. */
  readonly target: Float64Array;
  /** λ·I + n/(n + B)·(mean Fisher matrix of the labelled), q×q; overwritten. */
  readonly start: Float64Array;
}

export interface FisherStep {
  /** Position of the row. */
  readonly index: number;
  /** Decrease of tr(M⁻¹·F) when it was added; increase when it was removed. */
  readonly change: number;
}

/** Rows whose blocks are formed at a time. */
const BLOCK_ROWS = 2048;

/**
 * Greedy search for rows with the smallest tr(M⁻¹·F), M = start + Σ V_iᵀ·V_i over the chosen.
 *
 * Of every row the k×k matrices A_i = V_i·M⁻¹·V_iᵀ and B_i = V_i·M⁻¹·F·M⁻¹·V_iᵀ are kept: adding the row lowers the trace
 * by tr((I + A_i)⁻¹·B_i), removing it raises it by tr((I − A_i)⁻¹·B_i). A step changes M⁻¹ by a matrix of rank k, so the
 * pairs of all rows follow from one product of the embeddings with d × 2k² numbers: O(n·k²·(d + k)) for a step instead of
 * O(n·k·(k·d)²). Memory 2·n·k² + 2·(k·d)² float64.
 */
export class FisherSearch {
  /** tr((I ± A_i)⁻¹·B_i) of every row after the last step. */
  readonly traces: Float64Array;
  /** M⁻¹, q×q. */
  private readonly inverse: Float64Array;
  private readonly a: Float64Array;
  private readonly b: Float64Array;
  private readonly products: Float64Array;
  private readonly pair: Float64Array;
  private readonly q: number;

  constructor(
    private readonly kernels: Kernels,
    private readonly problem: FisherProblem,
  ) {
    const { n, k, d } = problem.rows;
    this.q = k * d;
    this.inverse = invert(kernels, problem.start, this.q);
    this.a = kernelDoubles(kernels, n * k * k);
    this.b = kernelDoubles(kernels, n * k * k);
    this.traces = kernelDoubles(kernels, n);
    this.products = kernelDoubles(kernels, Math.min(n, BLOCK_ROWS) * 2 * k * k);
    this.pair = kernelDoubles(kernels, 2 * Math.min(n, BLOCK_ROWS));
    const half = this.times(this.inverse, problem.target);
    const middle = this.times(half, this.inverse);
    this.fillForms(this.inverse, this.a);
    this.fillForms(middle, this.b);
    this.refresh(1);
  }

  /** tr(M⁻¹·F). */
  objective(): number {
    let trace = 0;
    for (let i = 0; i < this.inverse.length; i++) trace += this.inverse[i] * this.problem.target[i];
    return trace;
  }

  /** Makes `traces` say what adding (sign 1) or removing (sign −1) each row would change. */
  refresh(sign: 1 | -1): void {
    const { rows } = this.problem;
    this.kernels.fisherStep({ ...rows, a: this.a, b: this.b, sign, traces: this.traces });
  }

  /** Adds (sign 1) or removes (sign −1) a row and brings all pairs and `traces` up to date. */
  change(index: number, sign: 1 | -1): void {
    const { q, kernels, problem, inverse } = this;
    const { rows } = problem;
    const { k, d } = rows;
    // U = M⁻¹·Vᵀ·L⁻ᵀ with L·Lᵀ = I ± A_i, so that M⁻¹ changes by ∓U·Uᵀ; all kept transposed, k×q.
    const u = new Float64Array(k * q);
    kernels.gemmF64({ m: k, n: q, k: q, a: this.expand(index), b: inverse, out: u });
    const factor = new Float64Array(k * k);
    for (let i = 0; i < k * k; i++) factor[i] = sign * this.a[index * k * k + i] + (i % (k + 1) === 0 ? 1 : 0);
    if (!kernels.cholesky(factor, k)) throw new RangeError("FisherSearch: the inner matrix is not positive definite.");
    kernels.solveLower(factor, k, u, q);
    // W = M⁻¹·F·U ∓ ½·U·(Uᵀ·F·U): M⁻¹·F·M⁻¹ changes by ∓(U·Wᵀ + W·Uᵀ).
    const fu = new Float64Array(k * q);
    kernels.gemmF64({ m: k, n: q, k: q, a: u, b: problem.target, out: fu });
    const w = new Float64Array(k * q);
    kernels.gemmF64({ m: k, n: q, k: q, a: fu, b: inverse, out: w });
    const inner = new Float64Array(k * k);
    kernels.gemmF64({ m: k, n: k, k: q, a: fu, b: u, out: inner, transB: true });
    kernels.gemmF64({ m: k, n: q, k, a: inner, b: u, out: w, alpha: -sign / 2, beta: 1 });
    kernels.gemmF64({ m: q, n: q, k, a: u, b: u, out: inverse, transA: true, alpha: -sign, beta: 1 });
    this.applyFactors(u, w, sign, d);
  }

  /** The pairs of some rows as a search of their own, which shares M⁻¹ with this one. */
  restrictTo(indices: readonly number[]): FisherSearch {
    const { rows } = this.problem;
    const { k, d } = rows;
    const take = (values: Float64Array, width: number) => {
      const out = new Float64Array(indices.length * width);
      indices.forEach((index, i) => {
        out.set(values.subarray(index * width, (index + 1) * width), i * width);
      });
      return out;
    };
    const part: FisherRows = {
      n: indices.length,
      k,
      d,
      e: take(rows.e, d),
      scales: take(rows.scales, k),
      p: rows.p && take(rows.p, k),
    };
    const search: FisherSearch = Object.create(FisherSearch.prototype);
    Object.assign(search, {
      kernels: this.kernels,
      problem: { ...this.problem, rows: part },
      q: this.q,
      inverse: this.inverse,
      a: take(this.a, k * k),
      b: take(this.b, k * k),
      traces: new Float64Array(indices.length),
      products: new Float64Array(indices.length * 2 * k * k),
      pair: new Float64Array(2 * indices.length),
    });
    return search;
  }

  /** V_i, k×q. */
  private expand(index: number): Float64Array {
    const { k, d, e, scales, p } = this.problem.rows;
    const v = new Float64Array(k * this.q);
    for (let a = 0; a < k; a++) {
      for (let c = 0; c < k; c++) {
        const weight = scales[index * k + a] * ((a === c ? 1 : 0) - (p === undefined ? 0 : p[index * k + c]));
        if (weight === 0) continue;
        for (let j = 0; j < d; j++) v[a * this.q + c * d + j] = weight * e[index * d + j];
      }
    }
    return v;
  }

  private applyFactors(u: Float64Array, w: Float64Array, sign: 1 | -1, d: number): void {
    const { kernels, q } = this;
    const { rows } = this.problem;
    const { n, k, e, scales, p } = rows;
    const width = 2 * k * k;
    // Column c·2k + r of `turn` is block c of column r of U, then of W.
    const turn = new Float64Array(d * width);
    for (let c = 0; c < k; c++) {
      for (let r = 0; r < k; r++) {
        for (let j = 0; j < d; j++) {
          turn[j * width + c * 2 * k + r] = u[r * q + c * d + j];
          turn[j * width + c * 2 * k + k + r] = w[r * q + c * d + j];
        }
      }
    }
    for (let start = 0; start < n; start += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, n - start);
      const part = (values: Float64Array, size: number) => values.subarray(start * size, (start + count) * size);
      const products = this.products.subarray(0, count * width);
      if (k === 1) this.multiplyPair(part(e, d), u, w, products);
      else kernels.gemmF64({ m: count, n: width, k: d, a: part(e, d), b: turn, out: products });
      kernels.fisherStep({
        n: count,
        k,
        scales: part(scales, k),
        p: p && part(p, k),
        products,
        a: part(this.a, k * k),
        b: part(this.b, k * k),
        sign,
        traces: part(this.traces, 1),
      });
    }
  }

  /** products row i = (⟨e_i, u⟩, ⟨e_i, w⟩): reading each row once is quicker than a product with two columns. */
  private multiplyPair(e: Float64Array, u: Float64Array, w: Float64Array, products: Float64Array): void {
    const n = products.length / 2;
    const [outFirst, outSecond] = [this.pair.subarray(0, n), this.pair.subarray(n, 2 * n)];
    this.kernels.rowDotPairs({ x: e, n, d: u.length, first: u, second: w, outFirst, outSecond });
    for (let i = 0; i < n; i++) {
      products[2 * i] = outFirst[i];
      products[2 * i + 1] = outSecond[i];
    }
  }

  private times(a: Float64Array, b: Float64Array): Float64Array {
    const out = kernelDoubles(this.kernels, this.q * this.q);
    this.kernels.gemmF64({ m: this.q, n: this.q, k: this.q, a, b, out });
    return out;
  }

  /** forms[i] = V_i·middle·V_iᵀ for a symmetric q×q matrix. */
  private fillForms(middle: Float64Array, forms: Float64Array): void {
    const { kernels, q } = this;
    const { n, k, d, e, scales, p } = this.problem.rows;
    const block = new Float64Array(d * d);
    const images = kernelDoubles(kernels, Math.min(n, BLOCK_ROWS) * d);
    for (let c = 0; c < k; c++) {
      for (let b = 0; b <= c; b++) {
        for (let i = 0; i < d; i++) {
          block.set(middle.subarray((c * d + i) * q + b * d, (c * d + i) * q + (b + 1) * d), i * d);
        }
        for (let start = 0; start < n; start += BLOCK_ROWS) {
          const count = Math.min(BLOCK_ROWS, n - start);
          kernels.gemmF64({
            m: count,
            n: d,
            k: d,
            a: e.subarray(start * d, (start + count) * d),
            b: block,
            out: images,
          });
          for (let i = 0; i < count; i++) {
            let sum = 0;
            for (let j = 0; j < d; j++) sum += images[i * d + j] * e[(start + i) * d + j];
            forms[((start + i) * k + c) * k + b] = sum;
            forms[((start + i) * k + b) * k + c] = sum;
          }
        }
      }
    }
    for (let i = 0; i < n; i++) {
      const form = forms.subarray(i * k * k, (i + 1) * k * k);
      sandwich(form, k, scales.subarray(i * k, (i + 1) * k), p?.subarray(i * k, (i + 1) * k));
    }
  }
}

/** form ← S·form·Sᵀ with S = diag(scales)·(I − 1·pᵀ). */
function sandwich(form: Float64Array, k: number, scales: Float64Array, p: Float64Array | undefined): void {
  let mean = 0;
  const rowMeans = new Float64Array(k);
  if (p !== undefined) {
    for (let c = 0; c < k; c++) for (let b = 0; b < k; b++) rowMeans[c] += p[b] * form[c * k + b];
    for (let c = 0; c < k; c++) mean += p[c] * rowMeans[c];
  }
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      form[a * k + b] = scales[a] * scales[b] * (form[a * k + b] - rowMeans[a] - rowMeans[b] + mean);
    }
  }
}

/** Inverse of a symmetric positive definite matrix by its Cholesky factor; the matrix is overwritten. */
function invert(kernels: Kernels, matrix: Float64Array, q: number): Float64Array {
  if (!kernels.cholesky(matrix, q)) throw new RangeError("FisherSearch: the start matrix is not positive definite.");
  const inverse = kernelDoubles(kernels, q * q);
  inverse.fill(0);
  for (let i = 0; i < q; i++) inverse[i * q + i] = 1;
  kernels.choleskySolve(matrix, q, inverse, q);
  return inverse;
}
