import { useCallback, useSyncExternalStore } from "react";
import type { AnnotatorPreferences } from "@/task-types/types";

const DEFAULTS: AnnotatorPreferences = { suggestionsFirst: null, confirm: false };
const listeners = new Set<() => void>();
let cached: { key: string; raw: string | null; value: AnnotatorPreferences } | null = null;

function read(key: string): AnnotatorPreferences {
  const raw = localStorage.getItem(key);
  if (cached?.key === key && cached.raw === raw) return cached.value;
  cached = { key, raw, value: parse(raw) };
  return cached.value;
}

function parse(raw: string | null): AnnotatorPreferences {
  if (raw === null) return DEFAULTS;
  try {
    const { suggestionsFirst, confirm } = JSON.parse(raw) as Record<string, unknown>;
    return {
      suggestionsFirst: typeof suggestionsFirst === "boolean" ? suggestionsFirst : null,
      confirm: confirm === true,
    };
  } catch {
    // Written by something else: the defaults are always good.
    return DEFAULTS;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** How this person likes to work in this project, kept in the browser and the same in all its tabs. */
export function usePreferences(
  projectId: number,
): [AnnotatorPreferences, (changes: Partial<AnnotatorPreferences>) => void] {
  const key = `winnow-label:${projectId}`;
  const value = useSyncExternalStore(
    subscribe,
    () => read(key),
    () => DEFAULTS,
  );
  const change = useCallback(
    (changes: Partial<AnnotatorPreferences>) => {
      localStorage.setItem(key, JSON.stringify({ ...read(key), ...changes }));
      for (const listener of listeners) listener();
    },
    [key],
  );
  return [value, change];
}
