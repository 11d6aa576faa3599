/**
 * The closed list of error codes. `http` is the status an HTTP route answers with, `trpc` the tRPC code, `retryable`
 * says whether the same call can succeed later without a change.
 */
export const ERROR_CODES = {
  E_UNAUTHENTICATED: { http: 401, trpc: "UNAUTHORIZED", retryable: false },
  E_FORBIDDEN: { http: 403, trpc: "FORBIDDEN", retryable: false },
  E_NOT_FOUND: { http: 404, trpc: "NOT_FOUND", retryable: false },
  E_BAD_INPUT: { http: 400, trpc: "BAD_REQUEST", retryable: false },
  E_BAD_ROWS: { http: 422, trpc: "UNPROCESSABLE_CONTENT", retryable: false },
  E_TOO_LARGE: { http: 413, trpc: "PAYLOAD_TOO_LARGE", retryable: false },
  E_UNSUPPORTED_FORMAT: { http: 415, trpc: "UNSUPPORTED_MEDIA_TYPE", retryable: false },
  E_CONFLICT: { http: 409, trpc: "CONFLICT", retryable: false },
  E_PRECONDITION: { http: 412, trpc: "PRECONDITION_FAILED", retryable: false },
  E_RATE_LIMITED: { http: 429, trpc: "TOO_MANY_REQUESTS", retryable: true },
  E_LEASE: { http: 409, trpc: "CONFLICT", retryable: false },
  E_JOB_FAILED: { http: 500, trpc: "INTERNAL_SERVER_ERROR", retryable: true },
  E_CANCELLED: { http: 499, trpc: "CLIENT_CLOSED_REQUEST", retryable: true },
  E_STORAGE: { http: 500, trpc: "INTERNAL_SERVER_ERROR", retryable: true },
  E_UNAVAILABLE: { http: 503, trpc: "SERVICE_UNAVAILABLE", retryable: true },
  E_INTERNAL: { http: 500, trpc: "INTERNAL_SERVER_ERROR", retryable: true },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error looks like on the wire (tRPC `error.data.winnow`, HTTP body `error`). */
export interface WireError {
  code: ErrorCode;
  message: string;
  /** Where in the input: a path such as "items.17.content.text". */
  field?: string;
  details?: unknown;
  retryable: boolean;
}

/** One refused row of a batch or file. */
export interface RowError {
  /** Position in the batch (0-based) or line in the file (1-based, the header being line 1). */
  line: number;
  code: string;
  field?: string;
  message: string;
  excerpt: string;
}
