/**
 * Binary support vector machine with C = 1 on a kernel matrix over all rows, trained two weights at a time. Rows
 * may be added one by one; training then goes on from where it stood, which reaches the same optimum.
 */
export class KernelSvm {
  /** Decision value without the offset of every row. */
  private readonly f: Float64Array;
  private readonly alpha: Float64Array;
  private readonly sign: Float64Array;
  private readonly rows: number[] = [];
  private offset = 0;

  /**
   * @param kernel n × n, symmetric.
   * @param y      n labels, 0 or 1; read only for rows that were added.
   */
  constructor(
    private readonly kernel: Float64Array,
    private readonly y: Int32Array,
  ) {
    this.f = new Float64Array(y.length);
    this.alpha = new Float64Array(y.length);
    this.sign = new Float64Array(y.length);
  }

  add(row: number): void {
    this.rows.push(row);
    this.sign[row] = this.y[row] === 1 ? 1 : -1;
  }

  /** Trains until no pair violates optimality by more than the tolerance. */
  train(): void {
    for (let step = 0; step < STEPS_MAX; step++) {
      let up = -1;
      let most = Number.NEGATIVE_INFINITY;
      let least = Number.POSITIVE_INFINITY;
      for (const row of this.rows) {
        const value = this.sign[row] - this.f[row];
        if (this.mayMove(row, 1) && value > most) [up, most] = [row, value];
        if (this.mayMove(row, -1) && value < least) least = value;
      }
      if (up < 0 || least === Number.POSITIVE_INFINITY) {
        // One class only: every row is of it.
        this.offset = this.sign[this.rows[0]];
        return;
      }
      this.offset = (most + least) / 2;
      if (most - least < TOLERANCE) return;
      this.move(up, this.partner(up, most), most);
    }
    throw new Error(`The support vector machine did not settle in ${STEPS_MAX} steps.`);
  }

  /** Whether the weight times the label may still move in the direction +1 or −1. */
  private mayMove(row: number, toward: 1 | -1): boolean {
    return this.sign[row] === toward ? this.alpha[row] < C : this.alpha[row] > 0;
  }

  /** The row with which a step gains most by the second-order estimate (Fan, Chen & Lin 2005). */
  private partner(up: number, most: number): number {
    let best = -1;
    let gain = -1;
    for (const row of this.rows) {
      const violation = most - (this.sign[row] - this.f[row]);
      if (violation <= 0 || !this.mayMove(row, -1)) continue;
      const estimate = violation ** 2 / this.curvature(up, row);
      if (estimate > gain) [best, gain] = [row, estimate];
    }
    return best;
  }

  private curvature(a: number, b: number): number {
    const n = this.f.length;
    return Math.max(this.kernel[a * n + a] + this.kernel[b * n + b] - 2 * this.kernel[a * n + b], 1e-12);
  }

  /** Positive where class 1 is predicted. */
  decision(row: number): number {
    return this.f[row] + this.offset;
  }

  private move(up: number, low: number, most: number): void {
    const n = this.f.length;
    const { kernel, alpha, sign, f } = this;
    const violation = most - (sign[low] - f[low]);
    const roomUp = sign[up] > 0 ? C - alpha[up] : alpha[up];
    const roomLow = sign[low] > 0 ? alpha[low] : C - alpha[low];
    const length = Math.min(violation / this.curvature(up, low), roomUp, roomLow);
    alpha[up] = clamped(alpha[up] + sign[up] * length);
    alpha[low] = clamped(alpha[low] - sign[low] * length);
    for (let i = 0; i < n; i++) f[i] += length * (kernel[up * n + i] - kernel[low * n + i]);
  }
}

const C = 1;
const TOLERANCE = 1e-3;
const STEPS_MAX = 1_000_000;

/** Rounding must not leave a weight a hair off its bound: it would count as free. */
function clamped(alpha: number): number {
  if (alpha < 1e-12) return 0;
  return alpha > C - 1e-12 ? C : alpha;
}

/** exp(−γ·|a − b|²) of all pairs of rows, n × n. */
export function rbfKernel(x: Float64Array, n: number, d: number, gamma: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let square = 0;
      for (let c = 0; c < d; c++) square += (x[i * d + c] - x[j * d + c]) ** 2;
      out[i * n + j] = Math.exp(-gamma * square);
      out[j * n + i] = out[i * n + j];
    }
  }
  return out;
}
