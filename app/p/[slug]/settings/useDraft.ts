"use client";
import { useState } from "react";
import type { Edits, MergedDraft } from "./mergeDraft";
import { addEdits, mergeDraft } from "./mergeDraft";

export interface Draft<T> extends MergedDraft<T> {
  set: (change: Partial<T>) => void;
  isChanged: boolean;
  /** Forgets the edits: the form shows what is stored. */
  reset: () => void;
}

/** The state of a settings form over what is stored, which may change while the form is open. */
export function useDraft<T extends object>(stored: T): Draft<T> {
  const [edits, setEdits] = useState<Edits<T>>({});
  const merged = mergeDraft(stored, edits);
  return {
    ...merged,
    set: (change) => setEdits((before) => addEdits(before, stored, change)),
    isChanged: Object.keys(merged.changes).length > 0,
    reset: () => setEdits({}),
  };
}
