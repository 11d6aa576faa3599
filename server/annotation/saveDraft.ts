import { LIMITS } from "@/contracts/limits";
import { AppError } from "../errors";
import type { QueueContext } from "../queue";
import { requireAnnotator } from "../queue";
import { upsertDraft } from "./draft.db";

/** Keeps an unfinished answer of the caller; a draft need not fit the task type. Replaces the one before. */
export async function saveDraft(
  ctx: QueueContext,
  input: { row: number; value?: unknown },
): Promise<{ savedAt: string }> {
  const userId = requireAnnotator(ctx.actor);
  const value = JSON.stringify(input.value ?? null);
  const bytes = Buffer.byteLength(value);
  if (bytes > LIMITS.fieldBytes) {
    throw new AppError(
      "E_TOO_LARGE",
      `The draft of item ${input.row} has ${bytes} bytes; at most ${LIMITS.fieldBytes} can be saved.`,
      { details: { field: "value", limit: LIMITS.fieldBytes, got: bytes } },
    );
  }
  const now = ctx.clock.now();
  if (!(await upsertDraft(ctx.db, { projectId: ctx.project.id, row: input.row, userId, value, now }))) {
    throw new AppError("E_NOT_FOUND", `There is no item ${input.row} in this project.`, {
      details: { row: input.row },
    });
  }
  return { savedAt: now.toISOString() };
}
