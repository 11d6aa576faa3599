import { makeUuid } from "../_outbox/makeUuid";

const KEY = "winnow-tab";
/** A reloaded page may find its own lock still held for a moment. */
const OWN_LOCK_WAIT_MS = 400;

/**
 * The name of this tab, the same after a reload, so that the server gives the reloaded tab its own work back. Browsers copy
 * the tab's storage when a tab is duplicated; a lock held for as long as the page lives tells the copy from the reload, and
 * the copy takes a new name: two tabs never share leases. Without locks (plain http) a duplicated tab shares them, which
 * costs a repeated item but no answer.
 */
export async function readTabId(): Promise<string> {
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null && (await holdName(kept))) return kept;
  const fresh = makeUuid();
  sessionStorage.setItem(KEY, fresh);
  await holdName(fresh);
  return fresh;
}

/** True once this page holds the name; false when another page does. */
function holdName(name: string): Promise<boolean> {
  if (!("locks" in navigator)) return Promise.resolve(true);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), OWN_LOCK_WAIT_MS);
  return new Promise((resolve) => {
    navigator.locks
      .request(`${KEY}:${name}`, { signal: patience.signal }, () => {
        clearTimeout(timer);
        resolve(true);
        // Held until the page goes away.
        return new Promise<never>(() => undefined);
      })
      .catch(() => resolve(false));
  });
}
