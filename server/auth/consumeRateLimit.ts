import { SECOND_MS } from "@/contracts/limits";
import type { Clock } from "../clock";
import type { Db } from "../db";
import { AppError } from "../errors";
import { countUse } from "./rateLimit.db";

export interface RateLimit {
  /** Names what is counted, e.g. "sign-in:account:<hash>". */
  key: string;
  max: number;
  windowMs: number;
}

/**
 * Counts one use against a limit that all processes share; throws E_RATE_LIMITED, with the seconds to wait, beyond it.
 * One upsert, so uses that arrive together are all counted.
 */
export async function consumeRateLimit(db: Db, clock: Clock, limit: RateLimit): Promise<void> {
  const nowMs = clock.now().getTime();
  const { count, windowStartMs } = await countUse(db, limit.key, nowMs, limit.windowMs);
  if (count <= limit.max) return;
  const seconds = Math.max(1, Math.ceil((windowStartMs + limit.windowMs - nowMs) / SECOND_MS));
  throw new AppError("E_RATE_LIMITED", `Too many tries. Wait ${seconds} seconds, then try again.`, {
    details: { retryAfterSeconds: seconds, limit: limit.max },
  });
}
