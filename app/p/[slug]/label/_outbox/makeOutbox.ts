import { readWireError } from "@/app/_ui/readWireError";
import type { SubmitInput, SubmitResult } from "@/contracts/queue";
import { exclusively } from "./exclusively";
import type { OutboxMessage } from "./Outbox";
import { Outbox } from "./Outbox";
import { openOutboxStore } from "./openOutboxStore";

const CHANNEL = "winnow-outbox";
/** A call without an answer for this long counts as lost and is sent again. */
const SEND_TIMEOUT_MS = 20_000;

/** An outbox of this browser for one person. `close` when the page goes. */
export async function makeOutbox(
  userId: string,
  submit: (input: SubmitInput, signal: AbortSignal) => Promise<SubmitResult>,
): Promise<{ outbox: Outbox; close: () => void }> {
  const store = await openOutboxStore();
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`${CHANNEL}:${userId}`);
  const outbox = new Outbox({
    userId,
    store,
    send: (input) => submit(input, AbortSignal.timeout(SEND_TIMEOUT_MS)),
    readError: readWireError,
    exclusively: (work) => exclusively(`${CHANNEL}:${userId}`, work),
    broadcast: (message) => channel?.postMessage(message),
    schedule(callback, afterMs) {
      const timer = setTimeout(callback, afterMs);
      return () => clearTimeout(timer);
    },
    jitter: () => crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32,
  });
  channel?.addEventListener("message", (event: MessageEvent<OutboxMessage>) => outbox.onElsewhere(event.data));

  const wake = () => outbox.wake();
  const wakeIfSeen = () => {
    if (document.visibilityState === "visible" && outbox.getSnapshot().phase === "offline") outbox.wake();
  };
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wakeIfSeen);
  await outbox.refresh();
  outbox.wake();

  return {
    outbox,
    close() {
      window.removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wakeIfSeen);
      outbox.stop();
      channel?.close();
    },
  };
}
