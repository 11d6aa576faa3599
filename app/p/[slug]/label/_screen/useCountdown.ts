import { useEffect, useState } from "react";
import { SECOND_MS } from "@/contracts/limits";

/** The time left is worth a word below this. */
const SHORT_MS = 60 * SECOND_MS;

/**
 * Whole seconds left until a deadline on the page's monotonic clock, once it is near; null while it is far. Calls `onEnd` when
 * it is reached.
 */
export function useCountdown(deadline: number | null, onEnd: () => void): number | null {
  const [left, setLeft] = useState<{ deadline: number; seconds: number } | null>(null);
  useEffect(() => {
    if (deadline === null) return;
    let timer: ReturnType<typeof setTimeout>;
    function look(end: number) {
      const ms = end - performance.now();
      if (ms > SHORT_MS) {
        timer = setTimeout(() => look(end), ms - SHORT_MS);
        return;
      }
      setLeft({ deadline: end, seconds: Math.max(0, Math.ceil(ms / SECOND_MS)) });
      if (ms > 0) timer = setTimeout(() => look(end), Math.min(SECOND_MS, ms));
      else onEnd();
    }
    look(deadline);
    return () => clearTimeout(timer);
  }, [deadline, onEnd]);
  return left !== null && left.deadline === deadline ? left.seconds : null;
}
