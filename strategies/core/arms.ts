import type { Notice, OptionValues, Pool, Reason, SelectContext, Selection, Strategy } from "./types";

/**
 * Strategies as arms of a meta strategy (TAILOR, the bandit baselines): in every place of a batch one arm nominates one
 * row. An arm is opened once per round on the pool as it stood when the batch began.
 */

/** What an arm proposes next. */
export interface Nomination {
  readonly row: number;
  /** The strategy's own published quantity and utility, as in `Selection`. */
  readonly score: number;
  readonly utility: number;
  readonly percentile: number | null;
  readonly reasons: readonly Reason[];
}

export interface ArmStream {
  /**
   * The arm's best row that is eligible and not taken; null when it has none left. Asking again without a `take` in
   * between gives the same answer.
   */
  nominate(): Nomination | null | Promise<Nomination | null>;
  /**
   * A row has been picked in this batch, by this arm or another; it must never be nominated again. Adaptive arms learn from
   * it: BADGE adds a centre, GALAXY a node whose answer is in flight.
   */
  take(row: number, isOwn: boolean): void;
  /** Place of a row, from 0, in what the arm would have picked alone for this batch; null when it is not among them. */
  rankOf(row: number): number | null | Promise<number | null>;
  /** What the reader of the result must know where the arm supplied rows; read when the batch is full. */
  readonly notices?: readonly Notice[];
}

/** Opens a strategy as an arm for one batch of at most `batchSize` rows. The pool is guarded as for `select`. */
export type OpenArm = (
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
) => ArmStream | Promise<ArmStream>;

/**
 * Any strategy as an arm: its own `arm` where it has one, else the ranked list that `select` returns for a batch of this
 * size. The list cannot run out within the batch, since at most batchSize − 1 of its rows are taken before the last place.
 */
export async function openArm(
  strategy: Strategy,
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<ArmStream> {
  if (strategy.arm !== undefined) return strategy.arm(context, pool, batchSize, options);
  return rankedArm(await strategy.select(context, pool, batchSize, options));
}

/** The rows of a selection, best first, passing over what others took. */
export function rankedArm(selection: Selection): ArmStream {
  const taken = new Set<number>();
  const rankOf = new Map<number, number>();
  selection.rows.forEach((row, rank) => {
    rankOf.set(row, rank);
  });
  let next = 0;
  return {
    nominate() {
      while (next < selection.rows.length && taken.has(selection.rows[next])) next++;
      if (next >= selection.rows.length) return null;
      return {
        row: selection.rows[next],
        score: selection.scores[next],
        utility: selection.utility[next],
        percentile: selection.percentile[next],
        reasons: selection.reasons[next],
      };
    },
    take(row) {
      taken.add(row);
    },
    rankOf: (row) => rankOf.get(row) ?? null,
    // Ties at the end of the list decide nothing here: the list is rarely used up.
    notices: selection.notices.filter((notice) => notice.code !== "TIES_AT_CUT"),
  };
}
