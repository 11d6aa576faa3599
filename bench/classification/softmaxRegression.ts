/**
 * Multinomial logistic regression as the reference runs define it: minimise the sum of cross entropies plus
 * 0.5·λ·‖W‖², λ = 1 unless said otherwise, the bias being a row of W and penalised with it, every class present. Strictly convex, so the
 * answer depends on the data alone. Newton steps by conjugate gradients, float64.
 */
export interface SoftmaxFit {
  /** (d + 1) × K, row-major; the last row is the bias. */
  readonly weights: Float64Array;
  readonly objective: number;
  /** Largest absolute entry of the gradient. */
  readonly gradient: number;
}

const NEWTON_STEPS_MAX = 200;
const CG_STEPS_MAX = 250;
const HALVINGS_MAX = 40;

/**
 * @param x     n × d, row-major.
 * @param y     n class indices.
 * @param start weights to begin from; zeros when absent. The answer is the same up to the tolerance.
 * @param penalty λ.
 * @throws Error when the gradient does not fall below the tolerance.
 */
export function fitSoftmax(
  x: Float64Array,
  y: Int32Array,
  d: number,
  k: number,
  tolerance: number,
  start?: Float64Array,
  penalty = 1,
): SoftmaxFit {
  const problem = new Problem(x, y, d, k, penalty);
  let weights: Float64Array = Float64Array.from(start ?? new Float64Array((d + 1) * k));
  let at = problem.evaluate(weights);
  for (let step = 0; step < NEWTON_STEPS_MAX; step++) {
    if (at.size < tolerance) return { weights, objective: at.objective, gradient: at.size };
    const direction = problem.newtonDirection(at);
    const slope = dot(direction, at.gradient);
    let length = 1;
    let next = problem.evaluate(moved(weights, direction, length));
    // Near the optimum objectives agree to rounding: there a smaller gradient decides.
    for (let halving = 0; halving < HALVINGS_MAX; halving++) {
      if (next.objective <= at.objective + 1e-4 * length * slope || next.size < 0.5 * at.size) break;
      length /= 2;
      next = problem.evaluate(moved(weights, direction, length));
    }
    weights = moved(weights, direction, length);
    at = next;
  }
  throw new Error(`The fit stopped at a gradient of ${at.size}; ${tolerance} was asked for.`);
}

/** Class probabilities, n × K, of rows x (n × d). */
export function predictSoftmax(weights: Float64Array, x: Float64Array, n: number, d: number, k: number): Float64Array {
  const out = new Float64Array(n * k);
  logits(weights, x, n, d, k, out);
  for (let i = 0; i < n; i++) softmaxRow(out, i * k, k);
  return out;
}

interface Point {
  readonly objective: number;
  readonly gradient: Float64Array;
  readonly size: number;
  readonly probabilities: Float64Array;
}

class Problem {
  private readonly n: number;

  constructor(
    private readonly x: Float64Array,
    private readonly y: Int32Array,
    private readonly d: number,
    private readonly k: number,
    private readonly penalty: number,
  ) {
    this.n = y.length;
  }

  evaluate(weights: Float64Array): Point {
    const { n, k } = this;
    const p = new Float64Array(n * k);
    logits(weights, this.x, n, this.d, k, p);
    let objective = 0.5 * this.penalty * dot(weights, weights);
    for (let i = 0; i < n; i++) {
      const own = p[i * k + this.y[i]];
      objective += softmaxRow(p, i * k, k) - own;
    }
    const residual = Float64Array.from(p);
    for (let i = 0; i < n; i++) residual[i * k + this.y[i]] -= 1;
    const gradient = weights.map((value) => this.penalty * value);
    this.addTransposed(residual, gradient);
    let size = 0;
    for (const value of gradient) size = Math.max(size, Math.abs(value));
    return { objective, gradient, size, probabilities: p };
  }

  /** Solves H·v = −gradient by preconditioned conjugate gradients, more exactly the nearer the optimum. */
  newtonDirection(at: Point): Float64Array {
    const inverse = this.inverseDiagonal(at.probabilities);
    const v = new Float64Array(at.gradient.length);
    const r = at.gradient.map((value) => -value);
    let z = r.map((value, j) => value * inverse[j]);
    const direction = Float64Array.from(z);
    let rz = dot(r, z);
    const norm = Math.sqrt(dot(r, r));
    const enough = norm * Math.min(0.1, Math.sqrt(norm));
    for (let step = 0; step < CG_STEPS_MAX; step++) {
      const curved = this.hessianTimes(direction, at.probabilities);
      const alpha = rz / dot(direction, curved);
      for (let j = 0; j < v.length; j++) {
        v[j] += alpha * direction[j];
        r[j] -= alpha * curved[j];
      }
      if (Math.sqrt(dot(r, r)) <= enough) break;
      z = r.map((value, j) => value * inverse[j]);
      const next = dot(r, z);
      const beta = next / rz;
      rz = next;
      for (let j = 0; j < v.length; j++) direction[j] = z[j] + beta * direction[j];
    }
    return v;
  }

  private hessianTimes(v: Float64Array, p: Float64Array): Float64Array {
    const { n, k } = this;
    const q = new Float64Array(n * k);
    logits(v, this.x, n, this.d, k, q);
    for (let i = 0; i < n; i++) {
      let mean = 0;
      for (let c = i * k; c < (i + 1) * k; c++) mean += p[c] * q[c];
      for (let c = i * k; c < (i + 1) * k; c++) q[c] = p[c] * (q[c] - mean);
    }
    const out = v.map((value) => this.penalty * value);
    this.addTransposed(q, out);
    return out;
  }

  private inverseDiagonal(p: Float64Array): Float64Array {
    const squares = this.x.map((value) => value * value);
    const spread = p.map((value) => value * (1 - value));
    const out = new Float64Array((this.d + 1) * this.k).fill(this.penalty);
    addTransposed(squares, spread, this.n, this.d, this.k, out);
    return out.map((value) => 1 / value);
  }

  private addTransposed(rows: Float64Array, out: Float64Array): void {
    addTransposed(this.x, rows, this.n, this.d, this.k, out);
  }
}

/** out += [x, 1]ᵀ · rows. */
function addTransposed(x: Float64Array, rows: Float64Array, n: number, d: number, k: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const value = x[i * d + j];
      if (value === 0) continue;
      for (let c = 0; c < k; c++) out[j * k + c] += value * rows[i * k + c];
    }
    for (let c = 0; c < k; c++) out[d * k + c] += rows[i * k + c];
  }
}

/** out = [x, 1] · weights. */
function logits(weights: Float64Array, x: Float64Array, n: number, d: number, k: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) out[i * k + c] = weights[d * k + c];
    for (let j = 0; j < d; j++) {
      const value = x[i * d + j];
      if (value === 0) continue;
      for (let c = 0; c < k; c++) out[i * k + c] += value * weights[j * k + c];
    }
  }
}

/** Turns a row of logits into probabilities and returns the logarithm of the sum of their exponentials. */
function softmaxRow(values: Float64Array, from: number, k: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let c = from; c < from + k; c++) top = Math.max(top, values[c]);
  let sum = 0;
  for (let c = from; c < from + k; c++) {
    values[c] = Math.exp(values[c] - top);
    sum += values[c];
  }
  for (let c = from; c < from + k; c++) values[c] /= sum;
  return top + Math.log(sum);
}

function moved(weights: Float64Array, direction: Float64Array, length: number): Float64Array {
  return weights.map((value, j) => value + length * direction[j]);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}
