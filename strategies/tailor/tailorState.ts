import type { OpenBatch } from "../core/openRows";
import { StrategyError } from "../core/strategyError";
import type { JsonValue } from "../core/types";
import type { ArmBelief } from "./belief";
import { flatBelief } from "./belief";

/** Format of the stored state; raised when the meaning of its fields changes. */
const STATE_FORMAT = 1;

/** Rounds whose history is kept, and entries of arms over all of them: the state is stored with every round. */
const HISTORY_ROUNDS_MAX = 500;
const HISTORY_ARMS_MAX = 2_000;

/** Numbers of beliefs kept in the history; older rounds keep their counts and chances only. */
const HISTORY_NUMBERS_MAX = 8_000;

/** The history is for charts: its numbers are kept to this many significant digits. The belief itself is exact. */
const HISTORY_DIGITS = 5;

/** Running totals of one arm over the life of the belief. */
export interface ArmTotals {
  /** Places filled, labels credited, rows skipped as unanswerable, rows that nobody was asked about after all. */
  readonly pulls: number;
  readonly credits: number;
  readonly skipped: number;
  readonly withdrawn: number;
  /** Labels credited, by class. */
  readonly labels: readonly number[];
}

/** One arm in one round. */
export interface ArmRound {
  readonly id: string;
  readonly pulls: number;
  /** Labels, skips and withdrawals credited when the round began, for rows of any earlier round. */
  readonly credits: number;
  readonly skipped: number;
  readonly withdrawn: number;
  /** Probability that the arm has the largest reward under the belief, and that it is drawn for a place. */
  readonly best: number;
  readonly drawn: number;
  readonly expectedReward: number;
}

/** Counts per arm (in the order of `arms`) and class, as lists. */
export interface StoredBelief {
  readonly a: readonly (readonly number[])[];
  readonly b: readonly (readonly number[])[];
}

/** What is kept of a round, for charts. */
export interface TailorRound {
  readonly round: number;
  readonly asked: number;
  readonly weights: readonly number[];
  /** Labelled rows of each class, and labelled rows in all, when the round began. */
  readonly classCounts: readonly number[];
  readonly labelled: number;
  readonly arms: readonly ArmRound[];
  /** Belief before and after the answers that had come when the round began; the round draws from `after`. */
  readonly before: StoredBelief | null;
  readonly after: StoredBelief | null;
}

/** TAILOR's memory of a project. */
export interface TailorState {
  /** Changing the option `reset` starts a new belief. */
  readonly reset: number;
  readonly round: number;
  readonly nClasses: number;
  readonly beliefs: Map<string, ArmBelief>;
  readonly totals: Map<string, ArmTotals>;
  readonly open: readonly OpenBatch[];
  readonly history: readonly TailorRound[];
}

export function freshState(nClasses: number, reset: number): TailorState {
  return { reset, round: 0, nClasses, beliefs: new Map(), totals: new Map(), open: [], history: [] };
}

/**
 * Reads what an earlier round returned. Nothing, or another value of `reset`, gives a fresh state; classes that the
 * project has gained since start flat.
 * @throws E_SPEC when it is something else.
 */
export function readState(stored: JsonValue | undefined, nClasses: number, reset: number): TailorState {
  if (stored === undefined || stored === null) return freshState(nClasses, reset);
  const value = stored as unknown as StoredState;
  if (typeof stored !== "object" || value.format !== STATE_FORMAT) {
    throw new StrategyError(
      "E_SPEC",
      `The stored state is not TAILOR's (format ${STATE_FORMAT}). Start without a state, or raise the option "reset".`,
    );
  }
  if (value.reset !== reset) return freshState(nClasses, reset);
  const beliefs = new Map<string, ArmBelief>();
  const totals = new Map<string, ArmTotals>();
  for (const [id, arm] of Object.entries(value.arms)) {
    const belief = flatBelief(nClasses);
    belief.a.set(arm.a.slice(0, nClasses));
    belief.b.set(arm.b.slice(0, nClasses));
    beliefs.set(id, belief);
    totals.set(id, { ...arm.totals, labels: padded(arm.totals.labels, nClasses) });
  }
  return { reset, round: value.round, nClasses, beliefs, totals, open: value.open, history: value.history };
}

interface StoredState {
  readonly format: number;
  readonly reset: number;
  readonly round: number;
  readonly arms: Readonly<
    Record<string, { readonly a: readonly number[]; readonly b: readonly number[]; readonly totals: ArmTotals }>
  >;
  readonly open: readonly OpenBatch[];
  readonly history: readonly TailorRound[];
}

/** The state as JSON; numbers survive it bit by bit. */
export function writeState(state: TailorState): JsonValue {
  const arms: Record<string, JsonValue> = {};
  for (const [id, { a, b }] of state.beliefs) {
    arms[id] = { a: [...a], b: [...b], totals: state.totals.get(id)! as unknown as JsonValue };
  }
  return {
    format: STATE_FORMAT,
    reset: state.reset,
    round: state.round,
    arms,
    open: state.open as unknown as JsonValue,
    history: trimmed(state.history) as unknown as JsonValue,
  };
}

export function noTotals(nClasses: number): ArmTotals {
  return { pulls: 0, credits: 0, skipped: 0, withdrawn: 0, labels: new Array<number>(nClasses).fill(0) };
}

/** A number as the history keeps it. */
export function charted(value: number): number {
  return Number(value.toPrecision(HISTORY_DIGITS));
}

export function storedBelief(ids: readonly string[], beliefs: ReadonlyMap<string, ArmBelief>): StoredBelief {
  const list = (part: "a" | "b") => ids.map((id) => Array.from(beliefs.get(id)![part], charted));
  return { a: list("a"), b: list("b") };
}

function padded(values: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, i) => values[i] ?? 0);
}

/** The latest rounds; beliefs only as far back as their numbers fit. */
function trimmed(history: readonly TailorRound[]): TailorRound[] {
  let kept = 0;
  let arms = 0;
  while (kept < Math.min(history.length, HISTORY_ROUNDS_MAX)) {
    arms += history[history.length - 1 - kept].arms.length;
    if (kept > 0 && arms > HISTORY_ARMS_MAX) break;
    kept++;
  }
  const rounds = history.slice(history.length - kept);
  let room = HISTORY_NUMBERS_MAX;
  for (let i = rounds.length - 1; i >= 0; i--) {
    const size = 4 * rounds[i].arms.length * rounds[i].weights.length;
    if (size > room) rounds[i] = { ...rounds[i], before: null, after: null };
    room -= size;
  }
  return rounds;
}
