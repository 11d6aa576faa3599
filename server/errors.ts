import type { ErrorCode } from "@/contracts/errors";
import { ERROR_CODES } from "@/contracts/errors";

export type { ErrorCode };

/** Facts about an error that machines read: row, field, limit, got. Never secrets, never whole payloads. */
export type ErrorDetails = Record<string, unknown>;

/**
 * The one error of the project. `message` is written for the person who has to act on it: what failed, what was
 * expected, what was got, what to do. Outcomes that are expected (an empty queue, an expired lease) are return values.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details ?? {};
  }

  /** HTTP status that the code stands for. */
  get http(): number {
    return ERROR_CODES[this.code].http;
  }

  /** Whether doing the same again, unchanged, can succeed. */
  get isRetryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

/** What is kept of an error in a database row or sent to a browser: no stack, no cause. */
export interface ErrorRecord {
  code: string;
  message: string;
  details: ErrorDetails;
}

/**
 * Turns anything thrown into a record that is safe to store. A foreign error keeps its message (jobs show it to leads,
 * who need it) under the code E_INTERNAL.
 */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (isAppError(error)) return { code: error.code, message: error.message, details: error.details };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "E_INTERNAL" satisfies ErrorCode, message: message || "unknown error", details: {} };
}

/** Throws unless `condition` holds. For invariants of our own code; stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AppError("E_INTERNAL", `invariant broken: ${message}`);
}
