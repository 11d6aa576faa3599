import { countBits, hasBit } from "./bitmap";
import { compareKeys } from "./itemKeys";
import { blocksOf, gatherRows, readView, sharedShards } from "./rowMatrix";
import { ScoreTally } from "./scoreTally";
import { StrategyError } from "./strategyError";
import { TopK } from "./topK";
import type {
  Candidates,
  InputBlock,
  ItemScorer,
  Notice,
  Pool,
  Reason,
  RowMatrix,
  ScoredPick,
  ScoreSummary,
  SelectContext,
  Selection,
} from "./types";

/** Extra rows kept while a float32 score is only approximate, before they are ranked by the exact one. */
const EXACT_SLACK_MIN = 256;

/** Share of the picks decided by the tie rule from which a notice is given. */
const TIE_SHARE_NOTICE = 0.2;

/**
 * One streaming pass over the pool: scores every eligible row and keeps the `keep` best.
 *
 * Memory: O(keep) plus one block; no array of the pool's length. Ties: lowest key. Random: no.
 * @throws E_PROBABILITY_ROWS or E_EMBEDDING_ROWS at the first eligible row that an input refuses, E_SCORE where a score
 *         is not a finite number.
 */
export async function scorePool(
  context: SelectContext,
  pool: Pool,
  scorer: ItemScorer,
  keep: number,
): Promise<Candidates> {
  const isExact = scorer.exact === undefined || scorer.inputs.every(({ matrix }) => matrix.dtype === "f64");
  const slack = isExact ? 0 : Math.max(EXACT_SLACK_MIN, keep >>> 3);
  const pass = await streamScores(context, pool, scorer, Math.min(pool.n, keep + slack));
  const best = isExact ? pass.top : await rankExactly(pool, scorer, pass.top);
  const n = Math.min(keep, best.rows.length);
  const rows = best.rows.slice(0, n);
  const scores = best.scores.slice(0, n);
  const percentile = percentilesOfTop(best.scores, n, pass.scored);
  const probabilities = await probabilityRows(scorer, rows);
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
      reason: (i) =>
        reasonsOf(scorer, {
          row: rows[i],
          score: scores[i],
          percentile: percentile[i],
          probabilities: probabilities?.(i),
        }),
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

async function streamScores(context: SelectContext, pool: Pool, scorer: ItemScorer, keep: number): Promise<ScorePass> {
  const sign = scorer.better === "higher" ? 1 : -1;
  const top = new TopK(keep, pool.keys);
  const tally = new ScoreTally(scorer.range);
  await forEachScore(context, pool, scorer, (row, score) => {
    tally.add(score);
    top.push(row, sign * score);
  });
  const result = top.finish();
  return {
    top: { rows: result.rows, scores: result.values.map((value) => sign * value), tiesOutside: result.tiesOutside },
    eligible: countBits(pool.eligible),
    scored: tally.n,
    summary: tally.summary(scorer.measure),
  };
}

/**
 * Calls `use` with the score of every eligible row that all inputs cover, ascending by row. Memory: one block.
 * @throws as {@link scorePool}.
 */
export async function forEachScore(
  context: SelectContext,
  pool: Pool,
  scorer: ItemScorer,
  use: (row: number, score: number) => void,
): Promise<void> {
  const { eligible } = pool;
  const shards = sharedShards(scorer.inputs.map((input) => input.matrix));
  const covered = shards.length === 0 ? 0 : shards[shards.length - 1].end;
  let buffer = new Float64Array(0);
  for (const block of blocksOf({ shards })) {
    context.checkAbort();
    if (!anyEligible(pool, block.start, block.end)) continue;
    const n = block.end - block.start;
    const inputs: InputBlock[] = [];
    for (const { matrix, check } of scorer.inputs) {
      const values = await readView(matrix, block.start, block.end);
      inputs.push({ dim: matrix.dim, values });
      for (let i = 0; i < n; i++) {
        if (hasBit(eligible, block.start + i)) check(values, i, matrix.dim, block.start + i);
      }
    }
    if (buffer.length < n) buffer = new Float64Array(n);
    scorer.scoreBlock(context.kernels, { ...block, ...inputs[0], inputs }, buffer);
    for (let i = 0; i < n; i++) {
      const row = block.start + i;
      if (!hasBit(eligible, row)) continue;
      if (!Number.isFinite(buffer[i])) throw notFinite(scorer, row, buffer[i]);
      use(row, buffer[i]);
    }
    context.progress("score", block.end, covered);
  }
}

function notFinite(scorer: ItemScorer, row: number, score: number): StrategyError {
  return new StrategyError(
    "E_SCORE",
    `The score "${scorer.measure}" of row ${row} is ${score}; a finite number was expected.`,
    {
      row,
      score: String(score),
    },
  );
}

function anyEligible(pool: Pool, start: number, end: number): boolean {
  const { words } = pool.eligible;
  // Whole words: a neighbouring block's bits may give a needless read, never a wrong answer.
  for (let w = start >>> 5; w <= (end - 1) >>> 5; w++) if (words[w] !== 0) return true;
  return false;
}

/** Ranks rows kept by an approximate score by the exact one. */
async function rankExactly(pool: Pool, scorer: ItemScorer, approximate: RankedRows): Promise<RankedRows> {
  const { rows } = approximate;
  const sign = scorer.better === "higher" ? 1 : -1;
  const gathered: Float64Array[] = [];
  for (const { matrix } of scorer.inputs) {
    const values = new Float64Array(rows.length * matrix.dim);
    await gatherRows(matrix, rows, values);
    gathered.push(values);
  }
  const exact = Float64Array.from(rows, (row, i) =>
    scorer.exact!(
      gathered.map((values, input) => {
        const { dim } = scorer.inputs[input].matrix;
        return values.subarray(i * dim, (i + 1) * dim);
      }),
      row,
    ),
  );
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

/** The probabilities of each row, for reasons; undefined when the scorer reads none. */
async function probabilityRows(
  scorer: ItemScorer,
  rows: Uint32Array,
): Promise<((i: number) => Float32Array | Float64Array) | undefined> {
  const matrix = scorer.inputs.find((input) => input.name === "probabilities")?.matrix;
  if (matrix === undefined) return undefined;
  const { dim } = matrix;
  const values = arrayLike(matrix, rows.length * dim);
  await gatherRows(matrix, rows, values);
  return (i) => values.subarray(i * dim, (i + 1) * dim);
}

function arrayLike(matrix: RowMatrix, length: number): Float32Array | Float64Array {
  return matrix.dtype === "f64" ? new Float64Array(length) : new Float32Array(length);
}

function reasonsOf(scorer: ItemScorer, pick: ScoredPick): readonly Reason[] {
  if (scorer.reasons !== undefined) return scorer.reasons(pick);
  const top2 = pick.probabilities === undefined ? [] : topTwoClasses(pick.probabilities);
  return [{ code: "uncertain", measure: scorer.measure, value: pick.score, percentile: pick.percentile, top2 }];
}

/** The two most probable classes as [class, probability], ties by lower class. */
export function topTwoClasses(row: Float32Array | Float64Array): (readonly [number, number])[] {
  let first = 0;
  let second = -1;
  for (let c = 1; c < row.length; c++) {
    if (row[c] > row[first]) {
      second = first;
      first = c;
    } else if (second < 0 || row[c] > row[second]) second = c;
  }
  const top: (readonly [number, number])[] = [[first, row[first]]];
  if (second >= 0) top.push([second, row[second]]);
  return top;
}
