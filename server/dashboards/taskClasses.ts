import { getTaskType } from "@/task-types/registry";
import type { TaskRow } from "./dashboards.db";

export interface TaskClasses {
  ids: string[];
  titleOf(id: string): string;
  isMultiLabel: boolean;
  /** The class of a label value; none for a value that names no class of the project any more. */
  classesOf(value: unknown): string[];
}

/** A project's classes with the titles that people see. */
export function taskClasses(task: Pick<TaskRow, "task_type" | "task_config">): TaskClasses {
  const type = getTaskType(task.task_type);
  const classes = type.classes(task.task_config);
  const titles = new Map(classes.map(({ id, title }) => [id, title]));
  return {
    ids: classes.map(({ id }) => id),
    titleOf: (id) => titles.get(id) ?? id,
    isMultiLabel: type.target === "multiLabel",
    classesOf(value) {
      const index = type.classIndex(task.task_config, value);
      return index === undefined ? [] : [classes[index].id];
    },
  };
}
