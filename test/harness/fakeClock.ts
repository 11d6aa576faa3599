import type { Clock } from "@/server/clock";

/** A clock that stands still until it is moved. Both of its times move together. */
export class FakeClock implements Clock {
  #ms: number;
  readonly #startMs: number;

  constructor(start: Date | string = "2026-01-01T00:00:00.000Z") {
    this.#ms = new Date(start).getTime();
    this.#startMs = this.#ms;
  }

  // Fields, not methods: services may take the function off the clock.
  now = (): Date => new Date(this.#ms);
  monotonicMs = (): number => this.#ms - this.#startMs;

  advanceMs(ms: number): void {
    this.#ms += ms;
  }

  advanceSeconds(seconds: number): void {
    this.advanceMs(seconds * 1000);
  }
}
