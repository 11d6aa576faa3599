import { useCallback, useSyncExternalStore } from "react";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Whether the guidelines have changed since this browser's user last opened them. The first visit counts as changed when
 * there is something to read.
 */
export function useSeenGuidelines(projectId: number, version: number): { changed: boolean; markSeen(): void } {
  const key = `winnow-guidelines:${projectId}`;
  const seen = useSyncExternalStore(
    subscribe,
    () => Number(localStorage.getItem(key) ?? 0),
    () => version,
  );
  const markSeen = useCallback(() => {
    localStorage.setItem(key, String(version));
    for (const listener of listeners) listener();
  }, [key, version]);
  return { changed: seen < version, markSeen };
}
