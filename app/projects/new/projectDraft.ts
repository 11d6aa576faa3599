import type { ContentKind, CreateProjectInput } from "@/contracts/project";
import { createProjectInput } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";

/** What the form holds; as loose as typing is. */
export interface ProjectDraft {
  name: string;
  slug: string;
  description: string;
  taskType: string;
  taskConfig: unknown;
  contentKind: ContentKind;
  guidelines: string;
  overlap: number;
  suggestionPolicy: "show" | "afterFirstAnswer" | "hide";
  /** Null: the server's choice for this kind of task. */
  strategyId: string | null;
  /** Percent of the queue. Only used together with a strategy. */
  auditPercent: number;
}

export const EMPTY_DRAFT: Omit<ProjectDraft, "taskType" | "taskConfig"> = {
  name: "",
  slug: "",
  description: "",
  contentKind: "text",
  guidelines: "",
  overlap: 1,
  suggestionPolicy: "show",
  strategyId: null,
  auditPercent: 10,
};

/** An address for a name: "Kund:innen-Post 2026" → "kund-innen-post-2026". Empty when nothing of it can stand in one. */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 64)
    .replace(/-+$/, "");
}

/** The call that makes the project. */
export function toInput(draft: ProjectDraft): CreateProjectInput {
  const { strategyId, auditPercent, slug, ...rest } = draft;
  return {
    ...rest,
    ...(slug === "" ? {} : { slug }),
    ...(strategyId === null ? {} : { strategy: { main: { id: strategyId }, auditShare: auditPercent / 100 } }),
  };
}

export type DraftProblems = Partial<Record<keyof ProjectDraft, string>>;

const MESSAGES: DraftProblems = {
  name: "A project needs a name of at most 200 characters.",
  slug: "Lower-case letters, digits and dashes, 64 characters at most; not a dash at either end.",
  guidelines: "The guidelines are too long.",
  description: "At most 10,000 characters.",
};

/** What stands in the way of making the project, by field. */
export function checkDraft(draft: ProjectDraft): DraftProblems {
  const problems: DraftProblems = {};
  for (const issue of createProjectInput.safeParse(toInput(draft)).error?.issues ?? []) {
    const field = String(issue.path[0]) as keyof ProjectDraft;
    problems[field] ??= MESSAGES[field] ?? issue.message;
  }
  if (!getTaskType(draft.taskType).configSchema.safeParse(draft.taskConfig).success) {
    problems.taskConfig = "The labels are not complete: see the notes at each.";
  }
  return problems;
}
