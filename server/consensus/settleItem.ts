import type { ItemStatus } from "@/contracts/items";
import { LIMITS } from "@/contracts/limits";
import { getTaskType } from "@/task-types/registry";

/** What settling needs to know of a project. */
export interface SettlingProject {
  readonly taskType: string;
  readonly taskConfig: unknown;
  /** Opinions wanted per item. */
  readonly overlap: number;
}

export interface ItemAnswers {
  /** Values of the effective labels, extra votes included, in order of arrival. */
  values: readonly unknown[];
  /** Distinct people whose skip stands. */
  nSkips: number;
  /** Nobody is left who could still answer it: everyone eligible has labelled or skipped it. */
  isSkippedByAll: boolean;
}

export interface SettledItem {
  status: ItemStatus;
  /** The aggregated label; null unless resolved. */
  consensus: unknown;
  /** Mean pairwise agreement in [0, 1]; null for a single opinion and unless resolved. */
  agreement: number | null;
}

/** The aggregated label of at least one opinion, by the task type's rule. */
export function aggregateLabels(
  project: SettlingProject,
  values: readonly unknown[],
): { value: unknown; agreement: number | null } {
  return getTaskType(project.taskType).consensus(project.taskConfig, [...values]);
}

/** What happened to an item's answers. */
export type AnswerEvent = "label" | "skip" | "retract";

/**
 * The state of an item from its answers, so that withdrawing an answer restores what was before it. Resolved: at least
 * `overlap` labels. Parked: not resolved, and skipped by {@link LIMITS.skipsToPark} people or by everyone who could
 * answer; an item that a reviewer reopened is parked again by the next skip only. Excluded items stay excluded: a
 * reviewer decided that.
 */
export function settleItem(
  project: SettlingProject,
  before: ItemStatus,
  answers: ItemAnswers,
  event: AnswerEvent,
): SettledItem {
  const unresolved = (status: ItemStatus): SettledItem => ({ status, consensus: null, agreement: null });
  if (before === "excluded") return unresolved("excluded");
  if (answers.values.length > 0 && answers.values.length >= project.overlap) {
    const { value, agreement } = aggregateLabels(project, answers.values);
    return { status: "resolved", consensus: value, agreement };
  }
  const isSkippedEnough = answers.nSkips >= LIMITS.skipsToPark || (answers.nSkips > 0 && answers.isSkippedByAll);
  return unresolved(isSkippedEnough && (before !== "open" || event === "skip") ? "parked" : "open");
}
