/** Samples kept; the percentiles are of these. */
const SAMPLES_MAX = 500;

export interface FlipStats {
  n: number;
  p50: number;
  p95: number;
  last: number;
  /** Milliseconds, oldest first. */
  samples: number[];
}

declare global {
  interface Window {
    /** For the benchmark and the debug overlay: how long after a key the next item was on screen. */
    __winnow?: { nextVisible(): FlipStats };
  }
}

/**
 * Measures from the key or click that answers to the first frame with the next item in it. The frame counts as shown when a
 * task posted from its animation callback runs: painting has happened by then.
 */
export class FlipMeter {
  readonly #samples: number[] = [];
  readonly #listeners = new Set<() => void>();
  #started: number | null = null;
  #stats: FlipStats = { n: 0, p50: 0, p95: 0, last: 0, samples: [] };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): FlipStats => this.#stats;

  /** An answer was given by an event at this time (ms, as `event.timeStamp`). */
  begin(eventTime: number): void {
    this.#started = eventTime;
    performance.mark("winnow:answer", { startTime: eventTime });
  }

  /** The next item is in the document; the time runs until it is painted. */
  committed(): void {
    const started = this.#started;
    if (started === null) return;
    this.#started = null;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        channel.port1.close();
        performance.mark("winnow:visible");
        this.#add(performance.measure("winnow:next-visible", { start: started, end: "winnow:visible" }).duration);
        performance.clearMarks("winnow:answer");
        performance.clearMarks("winnow:visible");
        performance.clearMeasures("winnow:next-visible");
      };
      channel.port2.postMessage(null);
    });
  }

  #add(sample: number): void {
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    this.#stats = { n: sorted.length, p50: at(0.5), p95: at(0.95), last: sample, samples: [...this.#samples] };
    for (const listener of this.#listeners) listener();
  }
}
