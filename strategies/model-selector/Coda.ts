import { logGamma } from "../core/metrics";
import type { PredictionMatrix } from "./predictionMatrix";
import { majorityVotes } from "./predictionMatrix";

/** Constants of the authors' code. Look-ahead and update weigh differently on purpose. */
export interface CodaOptions {
  /** Weight of the uniform prior against the consensus confusion, α. */
  readonly priorShare?: number;
  /** Factor on the whole initial Dirichlet. */
  readonly multiplier?: number;
  /** Pseudo-count an answer adds. */
  readonly learningRate?: number;
  /** Pseudo-count a hypothetical answer adds. */
  readonly lookahead?: number;
  readonly gridPoints?: number;
}

const CDF_MIN = 1e-30;
const GRID_EDGE = 1e-6;

/** What of a row's accuracy distribution the integrals need, models × grid points. */
interface RowDensities {
  readonly density: Float64Array;
  readonly cdf: Float64Array;
  readonly logCdf: Float64Array;
}

/**
 * Consensus-driven active model selection: a Dirichlet per model over its confusions, started from the majority vote, and
 * the item with the largest expected information about which model is best. Strong where the majority is right, lost
 * where it is wrong; return by labelled accuracy and see `isConsensusRefuted`.
 *
 * Cost per pick: O(open items · classes · models · grid points).
 * Source: Kay et al. 2025, "Consensus-driven active model selection".
 */
export class Coda {
  readonly #matrix: PredictionMatrix;
  readonly #options: Required<CodaOptions>;
  /** models × classes × classes. */
  readonly #theta: Float64Array;
  readonly #grid: Float64Array;
  readonly #labels: Map<number, number> = new Map();
  /** Densities per class for the current state, and with one more right or wrong answer. */
  readonly #rows: { now: RowDensities; right: RowDensities; wrong: RowDensities }[];

  constructor(matrix: PredictionMatrix, options: CodaOptions = {}) {
    const { priorShare = 0.9, multiplier = 2, learningRate = 0.01, lookahead = 1, gridPoints = 256 } = options;
    this.#matrix = matrix;
    this.#options = { priorShare, multiplier, learningRate, lookahead, gridPoints };
    this.#grid = Float64Array.from(
      { length: gridPoints },
      (_, k) => GRID_EDGE + ((1 - 2 * GRID_EDGE) * k) / (gridPoints - 1),
    );
    this.#theta = this.#initialTheta();
    this.#rows = Array.from({ length: matrix.nClasses }, (_, c) => this.#rowDensities(c));
  }

  #initialTheta(): Float64Array {
    const { values, nItems, nModels, nClasses } = this.#matrix;
    const { priorShare, multiplier } = this.#options;
    const pseudo = majorityVotes(this.#matrix);
    const theta = new Float64Array(nModels * nClasses * nClasses);
    for (let i = 0; i < nItems; i++) {
      for (let h = 0; h < nModels; h++) {
        const vote = values[i * nModels + h];
        if (vote < nClasses) theta[(h * nClasses + pseudo[i]) * nClasses + vote]++;
      }
    }
    for (let row = 0; row < nModels * nClasses; row++) {
      let sum = 0;
      for (let s = 0; s < nClasses; s++) sum += theta[row * nClasses + s];
      for (let s = 0; s < nClasses; s++) {
        const confusion = sum > 0 ? theta[row * nClasses + s] / sum : 0;
        const base = s === row % nClasses ? 1 : 1 / (nClasses - 1);
        theta[row * nClasses + s] = multiplier * (base + (1 - priorShare) * confusion);
      }
    }
    return theta;
  }

  #rowDensities(c: number): { now: RowDensities; right: RowDensities; wrong: RowDensities } {
    const { lookahead } = this.#options;
    return {
      now: this.#densities(c, 0, 0),
      right: this.#densities(c, lookahead, 0),
      wrong: this.#densities(c, 0, lookahead),
    };
  }

  /** Beta densities of every model's accuracy on class c, with pseudo-counts added. */
  #densities(c: number, addRight: number, addWrong: number): RowDensities {
    const { nModels, nClasses } = this.#matrix;
    const grid = this.#grid;
    const g = grid.length;
    const density = new Float64Array(nModels * g);
    const cdf = new Float64Array(nModels * g);
    const logCdf = new Float64Array(nModels * g);
    const half = (grid[1] - grid[0]) / 2;
    for (let h = 0; h < nModels; h++) {
      let total = 0;
      for (let s = 0; s < nClasses; s++) total += this.#theta[(h * nClasses + c) * nClasses + s];
      const diagonal = this.#theta[(h * nClasses + c) * nClasses + c];
      const a = diagonal + addRight;
      const b = total - diagonal + addWrong;
      const front = logGamma(a + b) - logGamma(a) - logGamma(b);
      let area = 0;
      for (let k = 0; k < g; k++) {
        density[h * g + k] = Math.exp(front + (a - 1) * Math.log(grid[k]) + (b - 1) * Math.log1p(-grid[k]));
        if (k > 0) area += half * (density[h * g + k] + density[h * g + k - 1]);
        cdf[h * g + k] = Math.max(CDF_MIN, area);
        logCdf[h * g + k] = Math.log(cdf[h * g + k]);
      }
    }
    return { density, cdf, logCdf };
  }

  /** P(each model has the highest accuracy), by one row's densities; `pick` says whose densities a model takes. */
  #winnersOf(rows: readonly RowDensities[], pick: (model: number) => number): Float64Array {
    const { nModels } = this.#matrix;
    const g = this.#grid.length;
    const logs = new Float64Array(g);
    for (let h = 0; h < nModels; h++) {
      const { logCdf } = rows[pick(h)];
      for (let k = 0; k < g; k++) logs[k] += logCdf[h * g + k];
    }
    const all = logs.map(Math.exp);
    const out = new Float64Array(nModels);
    let sum = 0;
    for (let h = 0; h < nModels; h++) {
      const { density, cdf } = rows[pick(h)];
      let area = 0;
      for (let k = 0; k < g; k++) {
        const weight = k === 0 || k === g - 1 ? 0.5 : 1;
        area += (weight * density[h * g + k] * all[k]) / cdf[h * g + k];
      }
      out[h] = area;
      sum += area;
    }
    for (let h = 0; h < nModels; h++) out[h] /= sum;
    return out;
  }

  /** Class distribution of every item, items × classes, and its mean over the items. */
  classBelief(): { readonly perItem: Float64Array; readonly mean: Float64Array } {
    const { values, nItems, nModels, nClasses } = this.#matrix;
    const perItem = new Float64Array(nItems * nClasses);
    const mean = new Float64Array(nClasses);
    for (let i = 0; i < nItems; i++) {
      let sum = 0;
      for (let c = 0; c < nClasses; c++) {
        let weight = 0;
        for (let h = 0; h < nModels; h++) {
          const vote = values[i * nModels + h];
          if (vote < nClasses) weight += this.#theta[(h * nClasses + c) * nClasses + vote];
        }
        perItem[i * nClasses + c] = weight;
        sum += weight;
      }
      for (let c = 0; c < nClasses; c++) {
        perItem[i * nClasses + c] = sum > 0 ? perItem[i * nClasses + c] / sum : 1 / nClasses;
        mean[c] += perItem[i * nClasses + c] / nItems;
      }
    }
    return { perItem, mean };
  }

  /** The method's own belief in each model. Never a probability to show. */
  bestBelief(): Float64Array {
    const { nModels, nClasses } = this.#matrix;
    const { mean } = this.classBelief();
    const belief = new Float64Array(nModels);
    for (let c = 0; c < nClasses; c++) {
      const winners = this.#winnersOf([this.#rows[c].now], () => 0);
      for (let h = 0; h < nModels; h++) belief[h] += mean[c] * winners[h];
    }
    return belief;
  }

  /** Expected information about the best model, in bits, of the items given. */
  informationGains(items: ArrayLike<number>): Float64Array {
    const { values, nModels, nClasses } = this.#matrix;
    const { perItem, mean } = this.classBelief();
    const now = this.#rows.map((row) => this.#winnersOf([row.now], () => 0));
    const belief = new Float64Array(nModels);
    for (let c = 0; c < nClasses; c++) for (let h = 0; h < nModels; h++) belief[h] += mean[c] * now[c][h];
    const before = entropyBits(belief);
    const after = new Float64Array(nModels);
    return Float64Array.from(items, (i) => {
      let expected = 0;
      for (let c = 0; c < nClasses; c++) {
        const { right, wrong } = this.#rows[c];
        const winners = this.#winnersOf([right, wrong], (h) => (values[i * nModels + h] === c ? 0 : 1));
        for (let h = 0; h < nModels; h++) after[h] = belief[h] + mean[c] * (winners[h] - now[c][h]);
        expected += perItem[i * nClasses + c] * entropyBits(after);
      }
      return before - expected;
    });
  }

  /** Takes an answer. Labels of one item count once. */
  record(item: number, label: number): void {
    const { values, nModels, nClasses } = this.#matrix;
    if (this.#labels.has(item)) return;
    this.#labels.set(item, label);
    for (let h = 0; h < nModels; h++) {
      const vote = values[item * nModels + h];
      if (vote < nClasses) this.#theta[(h * nClasses + label) * nClasses + vote] += this.#options.learningRate;
    }
    this.#rows[label] = this.#rowDensities(label);
  }

  /** The Dirichlet of one model, classes × classes. */
  dirichlet(model: number): Float64Array {
    const size = this.#matrix.nClasses ** 2;
    return this.#theta.slice(model * size, (model + 1) * size);
  }
}

function entropyBits(p: Float64Array): number {
  let bits = 0;
  for (let h = 0; h < p.length; h++) if (p[h] > 0) bits -= p[h] * Math.log2(p[h]);
  return bits;
}
