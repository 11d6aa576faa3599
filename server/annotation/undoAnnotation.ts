import { LIMITS } from "@/contracts/limits";
import type { UndoResult } from "@/contracts/queue";
import type { Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { refuseArchived } from "../projects";
import type { QueueContext } from "../queue";
import { announceSoon, leaseForCorrection, readHeldItem, requireAnnotator, utcDay } from "../queue";
import type { AnswerFacts } from "./answer.db";
import { lockItem, readAnswerFacts, writeAnswer } from "./answer.db";
import { deltaOf } from "./deltaOf";
import { rerunAfterRace } from "./rerunAfterRace";
import { settleAfter } from "./settleAfter";
import type { UndoTarget } from "./undo.db";
import { readAnnotation, readRecentAnswers, readWithdrawn } from "./undo.db";

export interface UndoRequest {
  submissionId: string;
  tab: string;
  /** The annotation to withdraw; absent: the caller's latest that stands. */
  seq?: number;
}

/**
 * Withdraws one of the caller's last {@link LIMITS.undoDepth} answers and gives the item back to them with what they had
 * answered.
 *
 * One transaction: locks the item, its entries, the project's counter; appends a withdrawal (nothing is deleted), leases
 * an entry of the item to the caller under a new token, and settles the item and the totals as if the answer had never
 * been given. An item that others have resolved meanwhile stays resolved; the new answer then is an extra vote.
 *
 * Called again with the same submissionId it withdraws nothing more and returns the same item.
 * @throws E_FORBIDDEN for another person's annotation, E_PRECONDITION for one that is too far back or when there is
 *         nothing to undo, E_CONFLICT for one that is withdrawn already and in an archived project.
 */
export async function undoAnnotation(ctx: QueueContext, input: UndoRequest): Promise<UndoResult> {
  const userId = requireAnnotator(ctx.actor);
  refuseArchived(ctx.project);
  const { retractedSeq, token } = await rerunAfterRace(() =>
    withTransaction(ctx.db, (tx) => undoInTransaction(tx, ctx, userId, input)),
  );
  announceSoon(ctx.db, ctx.project.id, "labels");
  return { retractedSeq, item: await readHeldItem(ctx, token) };
}

async function undoInTransaction(
  tx: Tx,
  ctx: QueueContext,
  userId: string,
  input: UndoRequest,
): Promise<{ retractedSeq: number; token: string }> {
  const { project } = ctx;
  const now = ctx.clock.now();
  const target =
    (await readWithdrawn(tx, project.id, input.submissionId)) ?? (await findTarget(tx, ctx, userId, input));
  await lockItem(tx, project.id, target.row);
  const facts = await readAnswerFacts(tx, {
    projectId: project.id,
    row: target.row,
    token: null,
    submissionId: input.submissionId,
    userId,
    now,
  });
  const isRepeat = checkTarget(facts, userId, input, target);
  if (!isRepeat) await checkDepth(tx, ctx, userId, target);
  if (facts.isDeleted) {
    throw new AppError("E_PRECONDITION", `Item ${target.row} was deleted since; there is nothing to correct.`, {
      details: { row: target.row },
    });
  }
  const own = facts.entries.find((e) => e.state === "leased" && e.userId === userId && !e.isExpired);
  if (isRepeat && own?.token) return { retractedSeq: target.seq, token: own.token };
  const token = await leaseForCorrection(tx, {
    projectId: project.id,
    row: target.row,
    userId,
    tab: input.tab,
    entryId: target.entryId,
    now,
    leaseSeconds: project.leaseSeconds,
  });
  if (!isRepeat) await withdraw(tx, ctx, userId, input, target, facts);
  return { retractedSeq: target.seq, token };
}

async function findTarget(tx: Tx, ctx: QueueContext, userId: string, input: UndoRequest): Promise<UndoTarget> {
  if (input.seq !== undefined) {
    const target = await readAnnotation(tx, ctx.project.id, input.seq);
    if (target) return target;
    throw new AppError("E_NOT_FOUND", `There is no annotation ${input.seq} in this project.`);
  }
  const recent = await readRecentAnswers(tx, ctx.project.id, userId, LIMITS.undoDepth);
  const target = recent.find((answer) => !answer.isRetracted);
  if (target) return target;
  throw new AppError("E_PRECONDITION", `There is nothing to undo among your last ${LIMITS.undoDepth} answers.`);
}

/** Whether this withdrawal was made before; throws unless it was or may be made now. */
function checkTarget(facts: AnswerFacts, userId: string, input: UndoRequest, target: UndoTarget): boolean {
  const { previous } = facts;
  if (target.annotatorId !== userId || (previous && previous.annotatorId !== userId)) {
    throw new AppError("E_FORBIDDEN", `Annotation ${target.seq} is another person's. You can undo your own only.`);
  }
  if (previous) {
    const isSame = previous.kind === "retract" && (input.seq === undefined || previous.supersedes === input.seq);
    const again = facts.answers.find((answer) => answer.annotatorId === userId);
    if (isSame && previous.supersedes === target.seq && !again) return true;
    throw new AppError(
      "E_CONFLICT",
      again && isSame
        ? `Annotation ${target.seq} was undone and item ${target.row} answered again since (annotation ${again.seq}).`
        : `submissionId ${input.submissionId} stands for something else already. Use a new id for a new undo.`,
      { details: { field: "submissionId" } },
    );
  }
  if (!facts.answers.some((answer) => answer.seq === target.seq)) {
    const why = target.kind === "retract" ? "is itself an undo" : "was undone already";
    throw new AppError("E_CONFLICT", `Annotation ${target.seq} ${why}.`, { details: { seq: target.seq } });
  }
  return false;
}

async function checkDepth(tx: Tx, ctx: QueueContext, userId: string, target: UndoTarget): Promise<void> {
  const recent = await readRecentAnswers(tx, ctx.project.id, userId, LIMITS.undoDepth);
  if (recent.some((answer) => answer.seq === target.seq)) return;
  throw new AppError(
    "E_PRECONDITION",
    `Annotation ${target.seq} is too far back: only your last ${LIMITS.undoDepth} answers can be undone. Ask a reviewer to have the item labelled again.`,
    { details: { seq: target.seq, limit: LIMITS.undoDepth } },
  );
}

async function withdraw(
  tx: Tx,
  ctx: QueueContext,
  userId: string,
  input: UndoRequest,
  target: UndoTarget,
  facts: AnswerFacts,
): Promise<void> {
  const now = ctx.clock.now();
  const answers = facts.answers.filter((answer) => answer.seq !== target.seq);
  const after = await settleAfter(tx, ctx.project, target.row, facts, answers, "retract", "");
  await writeAnswer(tx, {
    projectId: ctx.project.id,
    row: target.row,
    kind: "retract",
    submissionId: input.submissionId,
    annotatorId: userId,
    token: null,
    source: facts.isSimulated ? "simulated" : "human",
    value: undefined,
    configVersion: null,
    supersedes: target.seq,
    reason: null,
    isLate: false,
    isExtra: false,
    purpose: target.purpose,
    entryId: target.entryId,
    round: target.round,
    modelVersionSeen: null,
    suggestionShown: false,
    suggestedValue: undefined,
    guidelinesVersion: null,
    shownAt: null,
    elapsedMs: null,
    now,
    day: utcDay(now),
    entry: null,
    surplusEntryIds: [],
    item: after,
    delta: deltaOf(facts, after, {
      kind: target.kind === "skip" ? "skip" : "label",
      purpose: target.purpose,
      by: -1,
      isOfToday: utcDay(target.at) === utcDay(now),
    }),
  });
}
