import type { OpenBatch } from "../core/openRows";
import { StrategyError } from "../core/strategyError";
import type { JsonValue } from "../core/types";

const STATE_FORMAT = 1;

/** Answered rows whose importance weights are kept, newest last. */
const ANSWERED_MAX = 20_000;

/** What ALBL remembers. Weights of arms that are new are the mean of the others. */
export interface AlblState {
  readonly round: number;
  readonly weights: Readonly<Record<string, number>>;
  /** Arms of a row are joined by spaces where several nominated it. */
  readonly open: readonly OpenBatch[];
  /** Probabilities of the arms in the rounds of the open batches. */
  readonly chances: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Answered rows and 1 / probability with which each was picked. */
  readonly answered: readonly (readonly [number, number])[];
}

const FRESH: AlblState = { round: 0, weights: {}, open: [], chances: {}, answered: [] };

/** @throws E_SPEC when the stored value is not ALBL's. */
export function readState(stored: JsonValue | undefined): AlblState {
  if (stored === undefined || stored === null) return FRESH;
  const value = stored as unknown as AlblState & { readonly format: number };
  if (typeof stored === "object" && value.format === STATE_FORMAT) return value;
  throw new StrategyError("E_SPEC", `The stored state is not ALBL's (format ${STATE_FORMAT}). Start without a state.`);
}

export function writeState(state: AlblState): JsonValue {
  const rounds = new Set(state.open.map((batch) => String(batch.round)));
  const chances = Object.fromEntries(Object.entries(state.chances).filter(([round]) => rounds.has(round)));
  return {
    ...({ ...state, chances, answered: state.answered.slice(-ANSWERED_MAX) } as unknown as Record<string, JsonValue>),
    format: STATE_FORMAT,
  };
}
