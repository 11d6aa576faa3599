/** A generalised linear model whose training is followed: loss Σ f_i(θ) + ridge/2 ‖θ‖². */
export interface LinearTraining {
  /** Rows × parameters. */
  readonly x: ArrayLike<number>;
  readonly n: number;
  readonly p: number;
  /** 0/1 for "logistic", numbers for "squared" (½ residual²). */
  readonly y: ArrayLike<number>;
  readonly family: "logistic" | "squared";
  readonly ridge: number;
  /** Weight of an L1 penalty, applied by soft thresholding after each step; 0 for none. */
  readonly lasso?: number;
}

/**
 * Leave-one-out cross-validation from one training run: beside the parameters, one copy per row follows the path that
 * training without the row would have taken, to first order of the difference. Valid also when training is stopped early.
 *
 * Only for plain or stochastic gradient steps and soft thresholding: Adam and momentum have another recursion. Diverges
 * where step · (largest curvature without a row) > 2, and is poor where rows are few against parameters. On actively
 * selected rows it speaks of that selection; give `weights` of 1/q to {@link score} to speak of the pool.
 *
 * Cost per full step: O(n·p²) with the shared curvature. Memory: n·p.
 * Source: Luo, Ren & Barber 2023, "Iterative approximate cross-validation".
 */
export class ApproximateCrossValidation {
  readonly #training: LinearTraining;
  readonly #theta: Float64Array;
  /** n × p. */
  readonly #without: Float64Array;

  constructor(training: LinearTraining, start?: ArrayLike<number>) {
    const { n, p, x, y } = training;
    if (x.length !== n * p || y.length !== n) {
      throw new RangeError(`ApproximateCrossValidation: ${x.length} values and ${y.length} targets for ${n} × ${p}.`);
    }
    this.#training = training;
    this.#theta = Float64Array.from({ length: p }, (_, j) => start?.[j] ?? 0);
    this.#without = Float64Array.from({ length: n * p }, (_, at) => this.#theta[at % p]);
  }

  get parameters(): Float64Array {
    return this.#theta;
  }

  /** Parameters as they would be without row i. */
  parametersWithout(i: number): Float64Array {
    const { p } = this.#training;
    return this.#without.slice(i * p, (i + 1) * p);
  }

  /** One gradient step over all rows. */
  step(rate: number): void {
    this.#move(rate, undefined);
  }

  /** One stochastic step over the rows of a batch. A row that is the whole batch has nothing to learn from without it. */
  stepOnBatch(rate: number, batch: readonly number[]): void {
    this.#move(rate, batch);
  }

  #move(rate: number, batch: readonly number[] | undefined): void {
    const { n, p, ridge } = this.#training;
    const rows = batch ?? Array.from({ length: n }, (_, i) => i);
    const { gradient, curvature, slopes, bends } = this.#derivatives(rows);
    const position = new Int32Array(n).fill(-1);
    rows.forEach((row, k) => {
      position[row] = k;
    });
    const difference = new Float64Array(p);
    for (let i = 0; i < n; i++) {
      if (rows.length === 1 && position[i] >= 0) continue;
      for (let j = 0; j < p; j++) difference[j] = this.#without[i * p + j] - this.#theta[j];
      const own = position[i];
      let along = 0;
      if (own >= 0) for (let j = 0; j < p; j++) along += this.#training.x[i * p + j] * difference[j];
      for (let j = 0; j < p; j++) {
        let change = gradient[j] + ridge * this.#theta[j] + ridge * difference[j];
        for (let l = 0; l < p; l++) change += curvature[j * p + l] * difference[l];
        if (own >= 0) change -= this.#training.x[i * p + j] * (slopes[own] + bends[own] * along);
        this.#without[i * p + j] = this.#shrunk(this.#without[i * p + j] - rate * change, rate);
      }
    }
    for (let j = 0; j < p; j++) {
      this.#theta[j] = this.#shrunk(this.#theta[j] - rate * (gradient[j] + ridge * this.#theta[j]), rate);
    }
  }

  #shrunk(value: number, rate: number): number {
    const limit = rate * (this.#training.lasso ?? 0);
    return limit === 0 ? value : Math.sign(value) * Math.max(0, Math.abs(value) - limit);
  }

  /** Gradient and curvature of the batch at the shared parameters, before they move. */
  #derivatives(rows: readonly number[]) {
    const { x, y, p, family } = this.#training;
    const gradient = new Float64Array(p);
    const curvature = new Float64Array(p * p);
    const slopes = new Float64Array(rows.length);
    const bends = new Float64Array(rows.length);
    rows.forEach((row, k) => {
      const eta = this.#linear(row, this.#theta, 0);
      const mean = family === "logistic" ? 1 / (1 + Math.exp(-eta)) : eta;
      slopes[k] = mean - y[row];
      bends[k] = family === "logistic" ? mean * (1 - mean) : 1;
      for (let j = 0; j < p; j++) {
        gradient[j] += slopes[k] * x[row * p + j];
        for (let l = 0; l < p; l++) curvature[j * p + l] += bends[k] * x[row * p + j] * x[row * p + l];
      }
    });
    return { gradient, curvature, slopes, bends };
  }

  #linear(row: number, parameters: Float64Array, offset: number): number {
    const { x, p } = this.#training;
    let sum = 0;
    for (let j = 0; j < p; j++) sum += x[row * p + j] * parameters[offset + j];
    return sum;
  }

  /** Loss of every row under the parameters that never saw it: large ones are worth a second look at the label. */
  losses(): Float64Array {
    const { n, p } = this.#training;
    return Float64Array.from({ length: n }, (_, i) => this.#loss(i, this.#without, i * p));
  }

  #loss(row: number, parameters: Float64Array, offset: number): number {
    const { y, family } = this.#training;
    const eta = this.#linear(row, parameters, offset);
    if (family === "squared") return 0.5 * (eta - y[row]) ** 2;
    return Math.max(eta, 0) - eta * y[row] + Math.log1p(Math.exp(-Math.abs(eta)));
  }

  /** The cross-validated mean loss; with weights, their weighted mean. */
  score(weights?: ArrayLike<number>): number {
    let sum = 0;
    let total = 0;
    this.losses().forEach((loss, i) => {
      const weight = weights === undefined ? 1 : weights[i];
      sum += weight * loss;
      total += weight;
    });
    return sum / total;
  }

  /** Mean loss on the rows that were trained on: what the score is to be compared with. */
  trainingLoss(): number {
    const { n } = this.#training;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += this.#loss(i, this.#theta, 0) / n;
    return sum;
  }
}
