/** Every way a selection can be refused. */
export type StrategyErrorCode =
  | "E_PROBABILITY_ROWS"
  | "E_EMBEDDING_ROWS"
  | "E_SCORE"
  | "E_ARRAY_SHAPE"
  | "E_MISSING_ARRAY"
  | "E_UNDECLARED_ARRAY"
  | "E_NOT_ENOUGH_LABELS"
  | "E_LABELS"
  | "E_TASK_KIND"
  | "E_BATCH_SIZE"
  | "E_OPTIONS"
  | "E_SPEC"
  | "E_UNKNOWN_STRATEGY"
  | "E_NUMERIC"
  | "E_ABORTED";

/** A refused selection: the code is for programs, the message for people, `details` holds the numbers in it. */
export class StrategyError extends Error {
  override readonly name = "StrategyError";

  constructor(
    readonly code: StrategyErrorCode,
    message: string,
    readonly details: Readonly<Record<string, string | number>> = {},
  ) {
    super(message);
  }
}
