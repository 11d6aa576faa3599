import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { WireError } from "@/contracts/errors";
import { AppError, isAppError } from "../errors";
import { getLogger } from "../log";

/** Findings of one refused input that are told. */
const ISSUES_MAX = 20;
const EXCERPT_LENGTH = 80;
const SECRET_FIELD = /password|token|secret|key/i;

type Issue = z.core.$ZodIssue;

/** Goes into the deepest finding of a refused union: it says more than "Invalid input". */
function deepest(issue: Issue): { path: PropertyKey[]; message: string } {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) {
    return { path: issue.path, message: issue.message };
  }
  // The branch that came furthest is the one the caller meant.
  const branches = issue.errors.filter((b) => b.length > 0).map((b) => deepest(b[0]));
  if (branches.length === 0) return { path: issue.path, message: issue.message };
  const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a));
  return { path: [...issue.path, ...best.path], message: best.message };
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}

/** E_BAD_INPUT that names the field, what was expected and what was got. */
export function badInput(error: z.core.$ZodError, input?: unknown): AppError {
  const issues = error.issues.slice(0, ISSUES_MAX).map((issue) => {
    const { path, message } = deepest(issue);
    return { path, field: path.map(String).join("."), message };
  });
  const first = issues[0] ?? { path: [], field: "", message: "not valid" };
  const isSecret = first.path.some((key) => SECRET_FIELD.test(String(key)));
  const got = input === undefined || isSecret ? undefined : valueAt(input, first.path);
  const shown = got === undefined || (typeof got === "object" && got !== null) ? "" : `; got ${excerpt(got)}`;
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  return new AppError("E_BAD_INPUT", `${first.field || "input"}: ${first.message}${shown}${more}`, {
    details: {
      field: first.field,
      issues: issues.map(({ field, message }) => ({ field, message })),
    },
    cause: error,
  });
}

/** Errors of PostgreSQL and the network that have a meaning for the caller. */
function fromDatabase(error: unknown): AppError | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== "string") {
    // pg-pool reports an exhausted pool or a server that does not answer without a code.
    const isTimeout = error instanceof Error && /timeout exceeded when trying to connect/.test(error.message);
    return isTimeout ? unavailable(error) : undefined;
  }
  if (code === "22021" || code === "22P05") {
    return new AppError("E_BAD_INPUT", "A text contains the character U+0000, which cannot be stored. Remove it.", {
      cause: error,
    });
  }
  if (code === "22P02" && String((error as { routine?: unknown }).routine).startsWith("json")) {
    return new AppError("E_BAD_INPUT", "A text contains half a character (a lone surrogate). Remove it.", {
      cause: error,
    });
  }
  if (code === "22003") {
    return new AppError("E_BAD_INPUT", "A number is too large to be a row, a version or a count.", { cause: error });
  }
  if (code === "57014") {
    return new AppError("E_UNAVAILABLE", "The database took too long for this. Try again, or ask for less at once.", {
      cause: error,
    });
  }
  if (/^(08|57P0|53|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND)/.test(code)) return unavailable(error);
  return undefined;
}

function unavailable(cause: unknown): AppError {
  return new AppError(
    "E_UNAVAILABLE",
    "The database cannot be reached at the moment. Nothing was changed; try again.",
    {
      cause,
    },
  );
}

/**
 * Whatever was thrown, as an AppError that may leave the process. A foreign error is logged with a reference and tells
 * the caller only that reference: its text may hold SQL or data of others.
 */
export function toAppError(error: unknown, where: string): AppError {
  if (isAppError(error)) return error;
  if (error instanceof z.core.$ZodError) return badInput(error);
  const known = fromDatabase(error);
  if (known) {
    if (known.isRetryable) getLogger({ part: "api" }).warn("database refused a call", { where, error });
    return known;
  }
  const reference = randomBytes(6).toString("hex");
  getLogger({ part: "api" }).error("call failed", { where, reference, error });
  return new AppError(
    "E_INTERNAL",
    `Something failed on the server. Try again; if it stays, tell the operator the reference ${reference}.`,
    { details: { reference }, cause: error },
  );
}

/** What travels: code, message, field, details. No stack, no cause. */
export function toWireError(error: AppError): WireError {
  const { field, ...details } = error.details;
  return {
    code: error.code,
    message: error.message,
    ...(typeof field === "string" && field !== "" ? { field } : {}),
    ...(Object.keys(details).length > 0 ? { details } : {}),
    retryable: error.isRetryable,
  };
}
