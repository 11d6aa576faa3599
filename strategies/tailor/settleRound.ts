import { labelCounts } from "../core/labelCounts";
import type { BatchOutcome } from "../core/openRows";
import { settleOpenRows } from "../core/openRows";
import type { FilledSlot } from "../core/runSlots";
import type { Pool } from "../core/types";
import { creditOutcomes, flatBelief } from "./belief";
import type { ArmRound, ArmTotals, StoredBelief, TailorRound, TailorState } from "./tailorState";
import { charted, noTotals, storedBelief } from "./tailorState";

/** What a round has decided, for its entry in the history. */
export interface RoundDecisions {
  readonly asked: number;
  /** Arms of the round, in order; chances and expectations are aligned with them. */
  readonly ids: readonly string[];
  readonly weights: Float64Array;
  readonly filled: readonly FilledSlot[];
  readonly best: Float64Array;
  readonly drawn: Float64Array;
  readonly expected: readonly number[];
}

export interface BeginOfRound {
  /** Beliefs with everything credited that has come: what the round draws from. */
  readonly state: TailorState;
  /** The state to be stored when the round's places are filled. */
  close(decisions: RoundDecisions): TailorState;
}

/**
 * Begins a round: credits the answers that have come since the last one, and gives every arm that is new a flat belief.
 *
 * @param ids arms of this round. Arms that take no part keep, and are discounted with, the others.
 */
export function settleRound(pool: Pool, stored: TailorState, ids: readonly string[], gamma: number): BeginOfRound {
  const { nClasses } = stored;
  const round = stored.round + 1;
  const beliefs = new Map(stored.beliefs);
  const totals = new Map(stored.totals);
  for (const id of ids) {
    if (!beliefs.has(id)) beliefs.set(id, flatBelief(nClasses));
    if (!totals.has(id)) totals.set(id, noTotals(nClasses));
  }
  const outcomes = settleOpenRows(pool, stored.open, round);
  const before = storedBelief(ids, beliefs);
  creditOutcomes(beliefs, outcomes, gamma);
  addOutcomes(totals, outcomes);
  const state: TailorState = {
    ...stored,
    ...{ round, beliefs, totals },
    open: outcomes.map((outcome) => outcome.left).filter((batch) => batch.rows.length > 0),
  };
  return { state, close: (decisions) => closed(pool, state, outcomes, before, decisions) };
}

function addOutcomes(totals: Map<string, ArmTotals>, outcomes: readonly BatchOutcome[]): void {
  const change = (id: string, to: (old: ArmTotals) => ArmTotals) => totals.set(id, to(totals.get(id)!));
  for (const { labelled, skipped, withdrawn } of outcomes) {
    for (const { arm, label } of labelled) {
      change(arm, (old) => ({
        ...old,
        credits: old.credits + 1,
        labels: old.labels.map((count, k) => count + label[k]),
      }));
    }
    for (const { arm } of skipped) change(arm, (old) => ({ ...old, skipped: old.skipped + 1 }));
    for (const { arm } of withdrawn) change(arm, (old) => ({ ...old, withdrawn: old.withdrawn + 1 }));
  }
}

function closed(
  pool: Pool,
  state: TailorState,
  outcomes: readonly BatchOutcome[],
  before: StoredBelief,
  decisions: RoundDecisions,
): TailorState {
  const { ids, filled } = decisions;
  const pulls = new Array<number>(ids.length).fill(0);
  for (const { arm } of filled) pulls[arm]++;
  const totals = new Map(state.totals);
  ids.forEach((id, i) => {
    const old = totals.get(id)!;
    totals.set(id, { ...old, pulls: old.pulls + pulls[i] });
  });
  const count = (id: string, part: "labelled" | "skipped" | "withdrawn") =>
    outcomes.reduce((sum, outcome) => sum + outcome[part].filter((row) => row.arm === id).length, 0);
  const entry: TailorRound = {
    round: state.round,
    asked: decisions.asked,
    weights: Array.from(decisions.weights, charted),
    classCounts: [...(labelCounts(pool) ?? [])],
    labelled: pool.labelled.rows.length,
    arms: ids.map(
      (id, i): ArmRound => ({
        id,
        pulls: pulls[i],
        credits: count(id, "labelled"),
        skipped: count(id, "skipped"),
        withdrawn: count(id, "withdrawn"),
        best: charted(decisions.best[i]),
        drawn: charted(decisions.drawn[i]),
        expectedReward: charted(decisions.expected[i]),
      }),
    ),
    before,
    after: storedBelief(ids, state.beliefs),
  };
  const rows = filled.map((slot) => slot.nomination.row);
  const batch = { round: state.round, isClosed: false, rows, arms: filled.map((slot) => ids[slot.arm]) };
  return {
    ...state,
    totals,
    open: rows.length === 0 ? state.open : [...state.open, batch],
    history: [...state.history, entry],
  };
}
