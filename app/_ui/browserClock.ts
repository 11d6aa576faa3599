import { useSyncExternalStore } from "react";

/**
 * The browser's time in ms since 1970, from the page's own monotonic clock. Used for "5 min ago" and for the moment an
 * item was shown; deadlines are never computed from it, since a person's clock may be wrong.
 */
export function browserNow(): number {
  return performance.timeOrigin + performance.now();
}

const TICK_MS = 10_000;
const listeners = new Set<() => void>();
let current: number | null = null;
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === null) {
    timer = setInterval(() => {
      current = browserNow();
      for (const each of listeners) each();
    }, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
      current = null;
    }
  };
}

/** Now, renewed every ten seconds; null on the server and in the first render, so that both print the same. */
export function useNow(): number | null {
  return useSyncExternalStore(
    subscribe,
    () => {
      current ??= browserNow();
      return current;
    },
    () => null,
  );
}
