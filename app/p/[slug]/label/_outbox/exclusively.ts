/** A tab that hangs with the lock (a phone put it to sleep) holds up the others no longer than this. */
const LOCK_WAIT_MS = 15_000;

/**
 * Runs `work` while no other tab runs work of the same name. On plain http the browser has no locks, and after a long wait
 * the lock is passed over: then two tabs may send at once, which the server's idempotency makes harmless.
 */
export async function exclusively(name: string, work: () => Promise<void>): Promise<void> {
  if (!("locks" in navigator)) return work();
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), LOCK_WAIT_MS);
  let started = false;
  try {
    await navigator.locks.request(name, { signal: patience.signal }, () => {
      started = true;
      clearTimeout(timer);
      return work();
    });
  } catch (thrown) {
    if (started) throw thrown;
    await work();
  } finally {
    clearTimeout(timer);
  }
}
