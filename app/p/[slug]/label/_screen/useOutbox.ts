import { useSyncExternalStore } from "react";
import type { Outbox } from "../_outbox/Outbox";
import type { OutboxView } from "../_outbox/types";

/**
 * A part of what an outbox says. Redraws only when that part changes: an outbox speaks three times per answer, and the
 * screen around the item must not be redrawn for it.
 */
export function useOutbox<T>(outbox: Outbox, select: (view: OutboxView) => T): T {
  const read = () => select(outbox.getSnapshot());
  return useSyncExternalStore(outbox.subscribe, read, read);
}
