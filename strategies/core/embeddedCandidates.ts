import { countBits, hasBit, rowsOfBitmap } from "./bitmap";
import { randomOf } from "./keyedRandom";
import { truncateAtRandom } from "./sampleRows";
import { selectTopK } from "./topK";
import type { Candidates, Notice, Pool, Reason, SelectContext, Selection } from "./types";

/** All eligible rows as candidates nobody scored; rows without an embedding are left out with a notice. */
export function embeddedCandidates(pool: Pool): Candidates {
  const eligible = rowsOfBitmap(pool.eligible);
  const covered = pool.embeddings?.n ?? 0;
  const rows = eligible.filter((row) => row < covered && hasBit(pool.eligible, row));
  const missing = countBits(pool.eligible) - rows.length;
  const notices: Notice[] =
    missing > 0 ? [{ code: "UNSCORED_ROWS", level: "warning", count: missing, eligible: eligible.length }] : [];
  return { rows, notices };
}

/** Candidates that have an embedding; the others are left out with a notice. */
export function withEmbedding(pool: Pool, candidates: Candidates, notices: Notice[]): Candidates {
  return rowsBelow(candidates, pool.embeddings!.n, notices);
}

/** Candidates among the first `covered` rows of the pool; the others are left out with a notice. */
export function rowsBelow(candidates: Candidates, covered: number, notices: Notice[]): Candidates {
  const { scored } = candidates;
  const kept = Array.from(candidates.rows, (_, i) => i).filter((i) => candidates.rows[i] < covered);
  if (kept.length === candidates.rows.length) return candidates;
  const eligible = candidates.rows.length;
  notices.push({ code: "UNSCORED_ROWS", level: "warning", count: eligible - kept.length, eligible });
  return {
    ...candidates,
    rows: Uint32Array.from(kept, (i) => candidates.rows[i]),
    scored: scored && {
      scores: Float64Array.from(kept, (i) => scored.scores[i]),
      utility: Float64Array.from(kept, (i) => scored.utility[i]),
      percentile: kept.map((i) => scored.percentile[i]),
      reason: (i) => scored.reason(kept[i]),
    },
  };
}

/** Rows of the candidates cut to `limit`, by utility where they have one and else at random; says so in `notices`. */
export function limitCandidates(
  context: SelectContext,
  pool: Pool,
  candidates: Candidates,
  limit: number,
  notices: Notice[],
): Uint32Array {
  const { rows, scored } = candidates;
  if (rows.length <= limit) return rows;
  if (scored === undefined) {
    return truncateAtRandom(rows, limit, "candidates", pool.keys, randomOf(context, "candidate-subset"), notices);
  }
  notices.push({
    code: "CANDIDATES_TRUNCATED",
    level: "warning",
    from: rows.length,
    to: limit,
    rule: "utility",
    of: "candidates",
  });
  return selectTopK(rows, scored.utility, limit, pool.keys).rows;
}

/** What a design stage found out about its picks, aligned with `rows`. */
export interface DesignedRows {
  readonly rows: Uint32Array;
  readonly scores: Float64Array;
  readonly utility: Float64Array;
  readonly percentile: readonly (number | null)[];
  readonly reasons: readonly Reason[];
}

/**
 * The picks of a design stage as a selection. Where a score stage ran before, its scores, utilities and reasons come
 * first and the design adds its own reason; otherwise the design's numbers are the scores.
 */
export function designedSelection(
  candidates: Candidates,
  designed: DesignedRows,
  notices: readonly Notice[],
): Selection {
  const { scored } = candidates;
  const n = designed.rows.length;
  const base = {
    rows: designed.rows,
    inclusion: new Array<null>(n).fill(null),
    notices: [...candidates.notices, ...notices],
    summary: candidates.summary,
  };
  if (scored === undefined) {
    return {
      ...base,
      scores: designed.scores,
      utility: designed.utility,
      percentile: designed.percentile,
      reasons: designed.reasons.map((reason) => [reason]),
    };
  }
  const indexOf = new Map<number, number>();
  candidates.rows.forEach((row, i) => {
    indexOf.set(row, i);
  });
  const at = Array.from(designed.rows, (row) => indexOf.get(row)!);
  return {
    ...base,
    scores: Float64Array.from(at, (i) => scored.scores[i]),
    utility: Float64Array.from(at, (i) => scored.utility[i]),
    percentile: at.map((i) => scored.percentile[i]),
    reasons: at.map((i, pick) => [...scored.reason(i), designed.reasons[pick]]),
  };
}
