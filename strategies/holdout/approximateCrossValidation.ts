/** A generalised linear model whose training is followed: loss Σ f_i(θ) + ridge/2 ‖θ‖². */
export interface LinearTraining {
  /** Rows × features; a constant column is the bias. */
  readonly x: ArrayLike<number>;
  readonly n: number;
  readonly p: number;
  /** 0/1 for "logistic", classes for "softmax", numbers for "squared" (½ residual²). */
  readonly y: ArrayLike<number>;
  readonly family: "logistic" | "squared" | "softmax";
  /** Of "softmax". */
  readonly nClasses?: number;
  /** Of "softmax": "per-class" leaves out the curvature between classes, which is cheaper for many rows and less exact. */
  readonly curvature?: "full" | "per-class";
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
 * Cost per full step: O(n·p²) with a shared curvature matrix; for a softmax O(n²·p·classes), or O(n·p²·classes) per class.
 * Memory: n·p, times the classes.
 * Source: Luo, Ren & Barber 2023, "Iterative approximate cross-validation".
 */
export class ApproximateCrossValidation {
  readonly #training: LinearTraining;
  /** Linear predictors: classes of a softmax, else 1. */
  readonly #blocks: number;
  /** blocks × p. */
  readonly #theta: Float64Array;
  /** n × blocks × p. */
  readonly #without: Float64Array;

  constructor(training: LinearTraining, start?: ArrayLike<number>) {
    const { n, p, x, y, family, nClasses } = training;
    if (x.length !== n * p || y.length !== n) {
      throw new RangeError(`ApproximateCrossValidation: ${x.length} values and ${y.length} targets for ${n} × ${p}.`);
    }
    if (family === "softmax" && !(nClasses !== undefined && nClasses >= 2)) {
      throw new RangeError(`ApproximateCrossValidation: a softmax needs two classes or more, got ${nClasses}.`);
    }
    this.#training = training;
    this.#blocks = family === "softmax" ? nClasses! : 1;
    const size = this.#blocks * p;
    this.#theta = Float64Array.from({ length: size }, (_, j) => start?.[j] ?? 0);
    this.#without = Float64Array.from({ length: n * size }, (_, at) => this.#theta[at % size]);
  }

  /** One row of p per class for a softmax. */
  get parameters(): Float64Array {
    return this.#theta;
  }

  /** Parameters as they would be without row i. */
  parametersWithout(i: number): Float64Array {
    const size = this.#theta.length;
    return this.#without.slice(i * size, (i + 1) * size);
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
    const { n, p, ridge, x } = this.#training;
    const rows = batch ?? Array.from({ length: n }, (_, i) => i);
    const size = this.#theta.length;
    const position = new Int32Array(n).fill(-1);
    rows.forEach((row, k) => {
      position[row] = k;
    });
    // All derivatives are taken at the shared parameters before these move.
    const means = rows.map((row) => this.#means(row, this.#theta, 0));
    const gradient = this.#gradient(rows, means);
    const curve = this.#curvatureProduct(rows, means);
    const difference = new Float64Array(size);
    for (let i = 0; i < n; i++) {
      const own = position[i];
      if (rows.length === 1 && own >= 0) continue;
      for (let at = 0; at < size; at++) difference[at] = this.#without[i * size + at] - this.#theta[at];
      const change = curve(difference);
      for (let at = 0; at < size; at++) change[at] += gradient[at] + ridge * this.#without[i * size + at];
      if (own >= 0) {
        const bent = this.#bent(means[own], this.#linear(i, difference, 0));
        const slope = this.#slopes(i, means[own]);
        for (let at = 0; at < size; at++) {
          const block = Math.floor(at / p);
          change[at] -= x[i * p + (at % p)] * (slope[block] + bent[block]);
        }
      }
      for (let at = 0; at < size; at++) {
        this.#without[i * size + at] = this.#shrunk(this.#without[i * size + at] - rate * change[at], rate);
      }
    }
    for (let at = 0; at < size; at++) {
      this.#theta[at] = this.#shrunk(this.#theta[at] - rate * (gradient[at] + ridge * this.#theta[at]), rate);
    }
  }

  #shrunk(value: number, rate: number): number {
    const limit = rate * (this.#training.lasso ?? 0);
    return limit === 0 ? value : Math.sign(value) * Math.max(0, Math.abs(value) - limit);
  }

  /** Derivative of a row's loss by its linear predictors. */
  #slopes(row: number, mean: Float64Array): Float64Array {
    const { y, family } = this.#training;
    return mean.map((value, block) => value - (family === "softmax" ? (y[row] === block ? 1 : 0) : y[row]));
  }

  /** Second derivative of a row's loss times a change of its linear predictors. */
  #bent(mean: Float64Array, change: Float64Array): Float64Array {
    const { family, curvature = "full" } = this.#training;
    if (family === "squared") return change;
    if (family === "logistic" || curvature === "per-class")
      return change.map((u, block) => mean[block] * (1 - mean[block]) * u);
    let average = 0;
    for (let block = 0; block < change.length; block++) average += mean[block] * change[block];
    return change.map((u, block) => mean[block] * (u - average));
  }

  #gradient(rows: readonly number[], means: readonly Float64Array[]): Float64Array {
    const { x, p } = this.#training;
    const gradient = new Float64Array(this.#theta.length);
    rows.forEach((row, k) => {
      const slopes = this.#slopes(row, means[k]);
      for (let at = 0; at < gradient.length; at++) gradient[at] += slopes[Math.floor(at / p)] * x[row * p + (at % p)];
    });
    return gradient;
  }

  /** The batch's curvature as a product with a change of parameters; blocks that do not mix share a matrix each. */
  #curvatureProduct(rows: readonly number[], means: readonly Float64Array[]): (change: Float64Array) => Float64Array {
    const { x, p, family, curvature = "full" } = this.#training;
    if (family === "softmax" && curvature === "full") {
      return this.#mixingProduct(rows, means);
    }
    const matrices = new Float64Array(this.#blocks * p * p);
    const ones = new Float64Array(this.#blocks).fill(1);
    rows.forEach((row, k) => {
      this.#bent(means[k], ones).forEach((bend, block) => {
        for (let j = 0; j < p; j++) {
          const bent = bend * x[row * p + j];
          if (bent === 0) continue;
          for (let l = 0; l < p; l++) matrices[(block * p + j) * p + l] += bent * x[row * p + l];
        }
      });
    });
    return (change) =>
      Float64Array.from(change, (_, at) => {
        let sum = 0;
        for (let l = 0; l < p; l++) sum += matrices[at * p + l] * change[at - (at % p) + l];
        return sum;
      });
  }

  /** The product where classes mix: row by row, without memory of its own for each. */
  #mixingProduct(rows: readonly number[], means: readonly Float64Array[]): (change: Float64Array) => Float64Array {
    const { x, p } = this.#training;
    const u = new Float64Array(this.#blocks);
    return (change) => {
      const out = new Float64Array(change.length);
      for (let k = 0; k < rows.length; k++) {
        const first = rows[k] * p;
        const mean = means[k];
        let average = 0;
        for (let block = 0; block < u.length; block++) {
          let sum = 0;
          for (let j = 0; j < p; j++) sum += x[first + j] * change[block * p + j];
          u[block] = sum;
          average += mean[block] * sum;
        }
        for (let block = 0; block < u.length; block++) {
          const bent = mean[block] * (u[block] - average);
          for (let j = 0; j < p; j++) out[block * p + j] += bent * x[first + j];
        }
      }
      return out;
    };
  }

  /** Linear predictors of a row. */
  #linear(row: number, parameters: Float64Array, offset: number): Float64Array {
    const { x, p } = this.#training;
    const eta = new Float64Array(this.#blocks);
    for (let block = 0; block < this.#blocks; block++) {
      for (let j = 0; j < p; j++) eta[block] += x[row * p + j] * parameters[offset + block * p + j];
    }
    return eta;
  }

  /** What the model expects of a row: number, probability, or probabilities of the classes. */
  #means(row: number, parameters: Float64Array, offset: number): Float64Array {
    const eta = this.#linear(row, parameters, offset);
    if (this.#training.family === "logistic") return eta.map((value) => 1 / (1 + Math.exp(-value)));
    if (this.#training.family === "squared") return eta;
    const largest = eta.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
    const raised = eta.map((value) => Math.exp(value - largest));
    const sum = raised.reduce((total, value) => total + value, 0);
    return raised.map((value) => value / sum);
  }

  /** Loss of every row under the parameters that never saw it: large ones are worth a second look at the label. */
  losses(): Float64Array {
    const { n } = this.#training;
    return Float64Array.from({ length: n }, (_, i) => this.#loss(i, this.#without, i * this.#theta.length));
  }

  /** The classes, or the numbers, that the parameters without the row predict for it. */
  heldOutPredictions(): Float64Array {
    const { n, family } = this.#training;
    return Float64Array.from({ length: n }, (_, i) => {
      const eta = this.#linear(i, this.#without, i * this.#theta.length);
      if (family === "squared") return eta[0];
      if (family === "logistic") return eta[0] > 0 ? 1 : 0;
      return eta.indexOf(eta.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY));
    });
  }

  #loss(row: number, parameters: Float64Array, offset: number): number {
    const { y, family } = this.#training;
    const eta = this.#linear(row, parameters, offset);
    if (family === "squared") return 0.5 * (eta[0] - y[row]) ** 2;
    if (family === "logistic") return Math.max(eta[0], 0) - eta[0] * y[row] + Math.log1p(Math.exp(-Math.abs(eta[0])));
    const largest = eta.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
    return largest + Math.log(eta.reduce((sum, value) => sum + Math.exp(value - largest), 0)) - eta[y[row]];
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
