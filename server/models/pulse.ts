import { setImmediate as nextTurn } from "node:timers/promises";
import { AppError } from "@/server/errors";

/** Longest time computation goes on without letting messages (cancellation, progress) through. */
const TURN_MS = 50;

/** The heartbeat of a training loop: stops it when it was cancelled and lets the event loop turn now and then. */
export class Pulse {
  private lastTurn: number;

  constructor(private readonly context: { signal: { readonly aborted: boolean }; monotonicMs(): number }) {
    this.lastTurn = context.monotonicMs();
  }

  /** @throws AppError E_CANCELLED once the signal is aborted. */
  async beat(): Promise<void> {
    if (this.context.monotonicMs() - this.lastTurn >= TURN_MS) {
      await nextTurn();
      this.lastTurn = this.context.monotonicMs();
    }
    if (this.context.signal.aborted) throw new AppError("E_CANCELLED", "The training was cancelled.");
  }
}
