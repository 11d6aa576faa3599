import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { SubmitResult, submitInput } from "@/contracts/queue";
import { LABELS_CHANGED } from "@/contracts/queue";
import type { Tx } from "../db";
import { withTransaction } from "../db";
import { AppError, isAppError } from "../errors";
import type { ProjectRow } from "../projects";
import { loadProject, refuseArchived } from "../projects";
import type { QueueContext } from "../queue";
import { announceSoon, readProgress, requireAnnotator, utcDay } from "../queue";
import type { AnswerFacts, AnswerTotals, RecordedAnswer } from "./answer.db";
import { lockItem, readAnswerFacts, writeAnswer } from "./answer.db";
import { checkValue } from "./checkValue";
import { decideAnswer, decideEntries } from "./decideAnswer";
import { deltaOf } from "./deltaOf";
import { requestRetraining } from "./requestRetraining";
import { ConfigChanged, rerunAfterRace } from "./rerunAfterRace";
import type { ItemAfter } from "./settleAfter";
import { settleAfter } from "./settleAfter";

export type Submission = Omit<z.output<typeof submitInput>, "projectId">;

/**
 * Accepts a label or a skip, once.
 *
 * One transaction: locks the item, then its entries, then the project's counter; writes the annotation under the next
 * sequence number, closes or reopens the entry, settles the item and the running totals; asks for a retraining when one
 * is due. A label whose lease has ended is kept: as late while the item needs it, as extra when it does not.
 *
 * Called again with the same submissionId it changes nothing and returns the first answer with isRepeat, however long
 * the lease is gone.
 * @throws E_BAD_INPUT for a value that does not fit, E_PRECONDITION when it was given under older labels, E_LEASE for a token that was never the caller's, E_CONFLICT for a
 *         submissionId that stands for another answer, an item that the caller has answered already, or an archived
 *         project whose item was not leased before.
 */
export async function submitAnnotation(ctx: QueueContext, input: Submission): Promise<SubmitResult> {
  const userId = requireAnnotator(ctx.actor);
  if (input.kind === "skip" && input.value !== undefined && input.value !== null) {
    throw new AppError("E_BAD_INPUT", 'value: a skip has no value; say why in `reason`, or submit kind "label".', {
      details: { field: "value" },
    });
  }
  let { project } = ctx;
  const result = await rerunAfterRace(async (last) => {
    // What fitted the labels as they were may not fit them now.
    if (last instanceof ConfigChanged) project = await loadProject(ctx.db, project.id);
    const value = input.kind === "label" ? checkLabel(project, input) : undefined;
    return withTransaction(ctx.db, (tx) => submitInTransaction(tx, { ...ctx, project }, userId, input, value));
  });
  if (!result.isRepeat) announceSoon(ctx.db, ctx.project.id, "labels");
  return result;
}

/** A value that does not fit and names an older label configuration was right when it was given: that is said apart. */
function checkLabel(project: ProjectRow, { value, configVersion }: Submission): unknown {
  try {
    return checkValue(project, value);
  } catch (error) {
    const isOld = configVersion !== undefined && configVersion < project.configVersion;
    if (!isOld || !isAppError(error)) throw error;
    throw new AppError(
      "E_PRECONDITION",
      "The project's labels have changed since this item was shown, and the answer does not fit them any more. Answer it with the labels as they are now.",
      { details: { ...error.details, reason: LABELS_CHANGED, configVersion: project.configVersion }, cause: error },
    );
  }
}

async function submitInTransaction(
  tx: Tx,
  ctx: QueueContext,
  userId: string,
  input: Submission,
  value: unknown,
): Promise<SubmitResult> {
  const { project, clock } = ctx;
  const now = clock.now();
  if (!(await lockItem(tx, project.id, input.row))) {
    throw new AppError("E_NOT_FOUND", `There is no item ${input.row} in this project.`, {
      details: { row: input.row },
    });
  }
  const facts = await readAnswerFacts(tx, {
    projectId: project.id,
    row: input.row,
    token: input.leaseToken,
    submissionId: input.submissionId,
    userId,
    now,
  });
  if (facts.previous) return repeatAnswer(tx, ctx, userId, input, value, facts, facts.previous);
  // What was given out before the project was archived is kept, as late; nothing else is taken.
  const isArchived = project.status === "archived";
  if (facts.grant?.userId !== userId) refuseArchived(project);
  const { overlap } = project;
  const { kind, row } = input;
  const decision = decideAnswer(facts, { userId, row, token: input.leaseToken, kind, overlap });
  const isLate = decision.isLate || isArchived;
  const answers = [...facts.answers, { seq: Number.MAX_SAFE_INTEGER, kind, annotatorId: userId, value }];
  const after = await settleAfter(tx, project, row, facts, answers, kind, userId);
  const { entry, surplusEntryIds } = decideEntries(facts.entries, decision.closes, kind, { ...after, overlap });
  const isLabel = kind === "label";
  const totals = await writeAnswer(tx, {
    projectId: project.id,
    row,
    kind,
    submissionId: input.submissionId,
    annotatorId: userId,
    token: input.leaseToken,
    source: facts.isSimulated ? "simulated" : "human",
    value,
    configVersion: kind === "label" ? project.configVersion : null,
    supersedes: null,
    reason: input.reason ?? null,
    isLate,
    isExtra: decision.isExtra,
    purpose: decision.entry.purpose,
    entryId: decision.entry.id,
    round: decision.entry.round,
    modelVersionSeen: input.modelVersionSeen ?? null,
    suggestionShown: input.suggestionShown,
    suggestedValue: input.suggestedValue,
    guidelinesVersion: input.guidelinesVersion ?? project.guidelinesVersion,
    shownAt: input.shownAt ?? null,
    elapsedMs: input.elapsedMs ?? null,
    now,
    day: utcDay(now),
    entry,
    surplusEntryIds,
    item: after,
    delta: deltaOf(facts, after, { kind, purpose: decision.entry.purpose, by: 1, isOfToday: true }),
  });
  if (!totals) throw new ConfigChanged();
  if (isLabel && !isArchived)
    await requestRetraining(tx, clock, project, { ...facts, nLabels: totals.nLabels, seq: totals.seq });
  return toResult(input, { ...decision, isLate, seq: totals.seq, isRepeat: false }, after, totals);
}

function toResult(
  input: Submission,
  answer: { seq: number; isLate: boolean; isExtra: boolean; isRepeat: boolean },
  item: Pick<ItemAfter, "status">,
  totals: AnswerTotals,
): SubmitResult {
  return {
    seq: answer.seq,
    row: input.row,
    submissionId: input.submissionId,
    isLate: answer.isLate,
    isExtra: answer.isExtra,
    isRepeat: answer.isRepeat,
    itemStatus: item.status,
    progress: {
      mineToday: totals.mineToday,
      mineTotal: totals.mineTotal,
      projectResolved: totals.nResolved,
      projectItems: totals.nItems,
    },
  };
}

/** The first answer again, if this is the same one. */
async function repeatAnswer(
  tx: Tx,
  ctx: QueueContext,
  userId: string,
  input: Submission,
  value: unknown,
  facts: AnswerFacts,
  first: RecordedAnswer,
): Promise<SubmitResult> {
  const isSame =
    first.annotatorId === userId &&
    first.row === input.row &&
    first.kind === input.kind &&
    isDeepStrictEqual(first.value ?? null, value ?? null) &&
    first.reason === (input.reason ?? null);
  if (!isSame) {
    throw new AppError(
      "E_CONFLICT",
      `submissionId ${input.submissionId} stands for another answer already. Expected the same row, kind, value and reason as the first time; use a new id for a new answer.`,
      { details: { field: "submissionId" } },
    );
  }
  const progress = await readProgress(tx, ctx.project.id, userId, utcDay(ctx.clock.now()));
  return {
    seq: first.seq,
    row: first.row,
    submissionId: input.submissionId,
    isLate: first.isLate,
    isExtra: first.isExtra,
    isRepeat: true,
    itemStatus: facts.status,
    progress,
  };
}
