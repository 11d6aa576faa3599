import type { ProgressReport } from "../jobs";
import { PROGRESS_EVERY_MS } from "./jobPolicies";

export interface ProgressOptions {
  signal: AbortSignal;
  monotonicMs: () => number;
  write: (report: ProgressReport) => Promise<unknown>;
}

/**
 * A progress function that writes the first report at once and later ones at most every 300 ms; flush() writes the last
 * one if it has not been written. A report throws the signal's reason once the run is to stop. A report that cannot be
 * written is dropped: progress is for looking at, the work goes on.
 */
export function makeProgress(options: ProgressOptions): {
  report: (report: ProgressReport) => Promise<void>;
  flush: () => Promise<void>;
} {
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  let waiting: ProgressReport | undefined;
  const write = async (report: ProgressReport): Promise<void> => {
    writtenAtMs = options.monotonicMs();
    waiting = undefined;
    await options.write(report).catch(() => undefined);
  };
  return {
    report: async (report) => {
      options.signal.throwIfAborted();
      // What a later report leaves out stays as the earlier one said.
      waiting = { ...waiting, ...report };
      if (options.monotonicMs() - writtenAtMs >= PROGRESS_EVERY_MS) await write(waiting);
    },
    flush: async () => {
      if (waiting) await write(waiting);
    },
  };
}
