import { choice } from "./choice";
import type { TaskType } from "./types";

export type { AnnotatorProps, ConfigEditorProps, Hotkey, TaskType } from "./types";

/** One line per task type. Nothing outside a task type's folder compares ids: ask for a property instead. */
const TASK_TYPES = [choice] as unknown as TaskType[];

const byId = new Map(TASK_TYPES.map((t) => [t.id, t]));

export function listTaskTypes(): readonly TaskType[] {
  return TASK_TYPES;
}

/** The definition behind an id, or undefined when there is none. */
export function findTaskType(id: string): TaskType | undefined {
  return byId.get(id);
}

/** The definition behind an id that was checked before; throws on an unknown one. */
export function getTaskType(id: string): TaskType {
  const found = byId.get(id);
  if (!found) throw new RangeError(`task type "${id}" is not registered; known: ${[...byId.keys()].join(", ")}`);
  return found;
}
