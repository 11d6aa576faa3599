import { LIMITS } from "@/contracts/limits";
import { AppError } from "../errors";
import { refuseArchived } from "../projects";
import type { QueueContext } from "../queue";
import { requireAnnotator } from "../queue";
import { checkValue } from "./checkValue";
import { upsertDraft } from "./draft.db";
import { requireServed } from "./requireServed";

/**
 * Keeps an answer of the caller that was not submitted; null for none. Replaces the one before.
 * @throws E_NOT_FOUND for an item that is deleted or was never served to an annotator, E_BAD_INPUT for a value that does
 *         not fit, E_CONFLICT in an archived project.
 */
export async function saveDraft(
  ctx: QueueContext,
  input: { row: number; value?: unknown },
): Promise<{ savedAt: string }> {
  const userId = requireAnnotator(ctx.actor);
  refuseArchived(ctx.project);
  const given = JSON.stringify(input.value ?? null);
  const bytes = Buffer.byteLength(given);
  if (bytes > LIMITS.fieldBytes) {
    throw new AppError(
      "E_TOO_LARGE",
      `The draft of item ${input.row} has ${bytes} bytes; at most ${LIMITS.fieldBytes} can be saved.`,
      { details: { field: "value", limit: LIMITS.fieldBytes, got: bytes } },
    );
  }
  await requireServed(ctx, userId, input.row);
  const value = given === "null" ? given : JSON.stringify(checkValue(ctx.project, input.value));
  const now = ctx.clock.now();
  if (!(await upsertDraft(ctx.db, { projectId: ctx.project.id, row: input.row, userId, value, now }))) {
    throw new AppError("E_NOT_FOUND", `There is no item ${input.row} in this project.`, {
      details: { row: input.row },
    });
  }
  return { savedAt: now.toISOString() };
}
