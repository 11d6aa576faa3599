import { countBits, hasBit } from "./bitmap";
import { compareKeys } from "./itemKeys";
import { checkProbabilityRow } from "./probabilityScorers";
import { blocksOf, gatherRows, readView } from "./rowMatrix";
import { StrategyError } from "./strategyError";
import { TopK } from "./topK";
import type {
  Candidates,
  ItemScorer,
  Notice,
  Pool,
  Reason,
  RowMatrix,
  ScoreSummary,
  SelectContext,
  Selection,
} from "./types";

/** Bins of the score histogram. */
export const HISTOGRAM_BINS = 20;

/** Extra rows kept while a float32 score is only approximate, before they are ranked by the exact one. */
const EXACT_SLACK_MIN = 256;

/** Share of the picks decided by the tie rule from which a notice is given. */
const TIE_SHARE_NOTICE = 0.2;

/**
 * One streaming pass over the pool: scores every eligible row and keeps the `keep` best.
 *
 * Memory: O(keep) plus one block; no array of the pool's length. Ties: lowest key. Random: no.
 * @throws E_PROBABILITY_ROWS at the first eligible row that is not a distribution.
 */
export async function scorePool(
  context: SelectContext,
  pool: Pool,
  scorer: ItemScorer,
  keep: number,
): Promise<Candidates> {
  const matrix = pool[scorer.array];
  if (matrix === undefined) {
    throw new StrategyError(
      "E_MISSING_ARRAY",
      `The score "${scorer.measure}" needs ${scorer.array}; the pool has none.`,
    );
  }
  const isExact = scorer.exact === undefined || matrix.dtype === "f64";
  const slack = isExact ? 0 : Math.max(EXACT_SLACK_MIN, keep >>> 3);
  const pass = await streamScores(context, pool, matrix, scorer, Math.min(pool.n, keep + slack));
  const best = isExact ? pass.top : await rankExactly(pool, matrix, scorer, pass.top);
  const n = Math.min(keep, best.rows.length);
  const rows = best.rows.slice(0, n);
  const scores = best.scores.slice(0, n);
  const percentile = percentilesOfTop(best.scores, n, pass.scored);
  const topTwo = await topTwoClasses(matrix, rows);
  const notices: Notice[] = [];
  const unscored = pass.eligible - pass.scored;
  if (unscored > 0) notices.push({ code: "UNSCORED_ROWS", level: "warning", count: unscored, eligible: pass.eligible });
  const ties = tiesAtCut(best.scores, n, pass.top.tiesOutside);
  if (ties !== undefined && ties.decided >= TIE_SHARE_NOTICE * n) notices.push(ties);
  return {
    rows,
    scored: {
      scores,
      utility: Float64Array.from(scores, (score) => scorer.utility(score)),
      percentile,
      reason: (i): Reason[] => [
        {
          code: "uncertain",
          measure: scorer.measure,
          value: scores[i],
          percentile: percentile[i],
          top2: topTwo[i],
        },
      ],
    },
    notices,
    summary: pass.summary,
  };
}

/** The candidates in their order as a selection: the top-k design. */
export function selectionOfTop(candidates: Candidates, batchSize: number): Selection {
  const n = Math.min(batchSize, candidates.rows.length);
  const { scored } = candidates;
  return {
    rows: candidates.rows.slice(0, n),
    scores: scored === undefined ? new Float64Array(n) : scored.scores.slice(0, n),
    utility: scored === undefined ? new Float64Array(n) : scored.utility.slice(0, n),
    percentile: scored === undefined ? new Array(n).fill(null) : scored.percentile.slice(0, n),
    inclusion: new Array(n).fill(null),
    reasons: Array.from({ length: n }, (_, i) => scored?.reason(i) ?? []),
    notices: candidates.notices,
    summary: candidates.summary,
  };
}

interface RankedRows {
  readonly rows: Uint32Array;
  readonly scores: Float64Array;
  readonly tiesOutside: number;
}

interface ScorePass {
  readonly top: RankedRows;
  readonly eligible: number;
  readonly scored: number;
  readonly summary: ScoreSummary;
}

async function streamScores(
  context: SelectContext,
  pool: Pool,
  matrix: RowMatrix,
  scorer: ItemScorer,
  keep: number,
): Promise<ScorePass> {
  const { eligible } = pool;
  const sign = scorer.better === "higher" ? 1 : -1;
  const top = new TopK(keep, pool.keys);
  const [lo, hi] = scorer.range(matrix.dim);
  const tally = new ScoreTally(lo, hi);
  let buffer = new Float64Array(0);
  for (const block of blocksOf(matrix)) {
    context.checkAbort();
    if (!anyEligible(pool, block.start, block.end)) continue;
    const values = await readView(matrix, block.start, block.end);
    const n = block.end - block.start;
    for (let i = 0; i < n; i++) {
      if (hasBit(eligible, block.start + i)) checkProbabilityRow(values, i, matrix.dim, block.start + i);
    }
    if (buffer.length < n) buffer = new Float64Array(n);
    scorer.scoreBlock(context.kernels, { start: block.start, end: block.end, dim: matrix.dim, values }, buffer);
    for (let i = 0; i < n; i++) {
      const row = block.start + i;
      if (!hasBit(eligible, row)) continue;
      tally.add(buffer[i]);
      top.push(row, sign * buffer[i]);
    }
    context.progress("score", block.end, matrix.n);
  }
  const result = top.finish();
  return {
    top: { rows: result.rows, scores: result.values.map((value) => sign * value), tiesOutside: result.tiesOutside },
    eligible: countBits(pool.eligible),
    scored: tally.n,
    summary: tally.summary(scorer.measure),
  };
}

function anyEligible(pool: Pool, start: number, end: number): boolean {
  const { words } = pool.eligible;
  // Whole words: a neighbouring block's bits may give a needless read, never a wrong answer.
  for (let w = start >>> 5; w <= (end - 1) >>> 5; w++) if (words[w] !== 0) return true;
  return false;
}

/** Ranks rows kept by an approximate score by the exact one. */
async function rankExactly(
  pool: Pool,
  matrix: RowMatrix,
  scorer: ItemScorer,
  approximate: RankedRows,
): Promise<RankedRows> {
  const { rows } = approximate;
  const sign = scorer.better === "higher" ? 1 : -1;
  const values = new Float64Array(rows.length * matrix.dim);
  await gatherRows(matrix, rows, values);
  const exact = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    exact[i] = scorer.exact!(values.subarray(i * matrix.dim, (i + 1) * matrix.dim));
  }
  const order = Array.from(rows, (_, i) => i).sort(
    (a, b) => sign * (exact[b] - exact[a]) || compareKeys(pool.keys, rows[a], rows[b]),
  );
  return {
    rows: Uint32Array.from(order, (i) => rows[i]),
    scores: Float64Array.from(order, (i) => exact[i]),
    tiesOutside: approximate.tiesOutside,
  };
}

/** Share of the scored rows that do not score better: follows from the rank, since these are the best rows. */
function percentilesOfTop(scores: Float64Array, n: number, scored: number): number[] {
  const percentile: number[] = [];
  let better = 0;
  for (let i = 0; i < n; i++) {
    if (i > 0 && scores[i] !== scores[i - 1]) better = i;
    percentile.push((scored - better) / scored);
  }
  return percentile;
}

/** How many of the n picks share the last pick's score with rows left out. */
function tiesAtCut(
  scores: Float64Array,
  n: number,
  tiesBelow: number,
): (Notice & { readonly decided: number }) | undefined {
  if (n === 0) return undefined;
  const last = scores[n - 1];
  let outside = scores[scores.length - 1] === last ? tiesBelow : 0;
  for (let i = n; i < scores.length && scores[i] === last; i++) outside++;
  if (outside === 0) return undefined;
  let decided = 0;
  for (let i = n - 1; i >= 0 && scores[i] === last; i--) decided++;
  return { code: "TIES_AT_CUT", level: "warning", decided, outside };
}

/** The two most probable classes of each row, ties by lower class. */
async function topTwoClasses(
  matrix: RowMatrix,
  rows: Uint32Array,
): Promise<(readonly (readonly [number, number])[])[]> {
  const { dim } = matrix;
  const values = matrix.dtype === "f64" ? new Float64Array(rows.length * dim) : new Float32Array(rows.length * dim);
  await gatherRows(matrix, rows, values);
  return Array.from(rows, (_, i) => {
    const row = values.subarray(i * dim, (i + 1) * dim);
    let first = 0;
    let second = -1;
    for (let c = 1; c < dim; c++) {
      if (row[c] > row[first]) {
        second = first;
        first = c;
      } else if (second < 0 || row[c] > row[second]) second = c;
    }
    const top: (readonly [number, number])[] = [[first, row[first]]];
    if (second >= 0) top.push([second, row[second]]);
    return top;
  });
}

/** Running count, mean, extremes and histogram of a score. */
class ScoreTally {
  n = 0;
  private sum = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private readonly counts: number[] = new Array(HISTOGRAM_BINS).fill(0);
  private readonly perUnit: number;

  constructor(
    private readonly lo: number,
    private readonly hi: number,
  ) {
    this.perUnit = hi > lo ? HISTOGRAM_BINS / (hi - lo) : 0;
  }

  add(score: number): void {
    this.n++;
    this.sum += score;
    if (score < this.min) this.min = score;
    if (score > this.max) this.max = score;
    const bin = Math.floor((score - this.lo) * this.perUnit);
    this.counts[bin < 0 ? 0 : bin >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1 : bin]++;
  }

  summary(measure: string): ScoreSummary {
    const isEmpty = this.n === 0;
    return {
      measure,
      scored: this.n,
      min: isEmpty ? 0 : this.min,
      max: isEmpty ? 0 : this.max,
      mean: isEmpty ? 0 : this.sum / this.n,
      histogram: { lo: this.lo, hi: this.hi, counts: this.counts },
    };
  }
}
