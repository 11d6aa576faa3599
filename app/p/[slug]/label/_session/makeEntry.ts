import type { NewOutboxEntry } from "../_outbox/types";
import { excerptOf } from "./excerptOf";
import type { HeldItem, SessionParts, SessionProject } from "./types";

/** Longest time an answer may claim to have taken, ms: the API's own limit. */
const ELAPSED_MAX_MS = 86_400_000;

export interface Answer {
  submissionId: string;
  kind: "label" | "skip";
  value: unknown;
  reason: string | undefined;
  /** ISO 8601. */
  shownAt: string;
  elapsedMs: number;
}

/** Whether this person saw the model's suggestion before answering: kept with every answer. */
export function isSuggestionShown(held: HeldItem, policy: SessionProject["suggestionPolicy"]): boolean {
  if (held.item.suggestion === null || policy === "hide") return false;
  return policy === "show" || held.firstAnswer !== null;
}

/** An answer as the outbox keeps it, with all that the server records about how it was given. */
export function makeEntry(
  held: HeldItem,
  project: SessionProject,
  { user, formatAnswer }: Pick<SessionParts, "user" | "formatAnswer">,
  answer: Answer,
): NewOutboxEntry {
  const { item } = held;
  const { submissionId, kind, value, reason, shownAt, elapsedMs } = answer;
  const shown = isSuggestionShown(held, project.suggestionPolicy);
  return {
    submissionId,
    userId: user.id,
    userName: user.name,
    projectId: project.id,
    projectName: project.name,
    excerpt: excerptOf(item.content),
    answer: kind === "skip" ? "skipped" : formatAnswer(value),
    input: {
      projectId: project.id,
      submissionId,
      leaseToken: item.leaseToken,
      row: item.row,
      kind,
      ...(kind === "label" ? { value } : {}),
      ...(reason === undefined ? {} : { reason }),
      shownAt,
      elapsedMs: Math.min(elapsedMs, ELAPSED_MAX_MS),
      suggestionShown: shown,
      ...(shown && item.suggestion
        ? { suggestedValue: item.suggestion.value, modelVersionSeen: item.suggestion.modelVersion }
        : {}),
      guidelinesVersion: project.guidelinesVersion,
      configVersion: project.configVersion,
    },
  };
}
