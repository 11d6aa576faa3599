/** The time of day and a steady stopwatch. The only source of both: everything else is handed a clock. */
export interface Clock {
  /** Time of day, UTC. May jump when the machine's clock is set: never subtract two of these to measure a duration. */
  now(): Date;
  /** Milliseconds since an arbitrary start, never going back. For durations only. */
  monotonicMs(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};

/** Adds milliseconds to a moment. */
export function addMs(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
