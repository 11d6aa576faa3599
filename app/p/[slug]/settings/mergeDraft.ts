/** A field that somebody is editing: its new value, and what was stored when the edit began. */
export interface Edit {
  value: unknown;
  base: unknown;
}
export type Edits<T> = { [K in keyof T]?: Edit };

export interface MergedDraft<T> {
  /** What the form shows: edited fields as edited, all others as they are stored now. */
  values: T;
  /** The fields that differ from what is stored: all that has to be sent. */
  changes: Partial<T>;
  /** Changed fields that somebody else has stored another value for since the edit began. */
  conflicts: (keyof T)[];
}

/** Lays a person's edits over what is stored. Fields that were not touched follow the store; what is being typed stays. */
export function mergeDraft<T extends object>(stored: T, edits: Edits<T>): MergedDraft<T> {
  const values = { ...stored };
  const changes: Partial<T> = {};
  const conflicts: (keyof T)[] = [];
  for (const key of Object.keys(edits) as (keyof T)[]) {
    const edit = edits[key];
    if (!edit) continue;
    values[key] = edit.value as T[keyof T];
    if (sameJson(edit.value, stored[key])) continue;
    changes[key] = values[key];
    if (!sameJson(edit.base, stored[key])) conflicts.push(key);
  }
  return { values, changes, conflicts };
}

/** Notes edits; a field that is edited again keeps what was stored when its first edit began. */
export function addEdits<T extends object>(edits: Edits<T>, stored: T, change: Partial<T>): Edits<T> {
  const next = { ...edits };
  for (const key of Object.keys(change) as (keyof T)[]) {
    const before = edits[key];
    next[key] = { value: change[key], base: before ? before.base : stored[key] };
  }
  return next;
}

/** Whether two JSON values say the same, whatever the order of their keys; an undefined field is an absent one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => sameJson(left[key], right[key]));
}
