import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { FlagView } from "@/contracts/items";
import { appendAuditLog } from "../audit";
import { userIdOf } from "../auth";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { refuseArchived } from "../projects";
import type { QueueContext } from "../queue";
import { announceSoon, requireAnnotator } from "../queue";
import { lockItem } from "./answer.db";
import type { FlagRow } from "./flag.db";
import { changeOpenFlags, findSameFlag, insertFlag, markFlagResolved, selectFlag, selectFlags } from "./flag.db";
import { requireServed } from "./requireServed";

function toView(flag: FlagRow): FlagView {
  return {
    id: flag.id,
    row: flag.row,
    userId: flag.user_id,
    userName: flag.user_name,
    comment: flag.comment,
    createdAt: flag.created_at.toISOString(),
    resolvedAt: flag.resolved_at?.toISOString() ?? null,
  };
}

/**
 * Raises a flag on an item, for a reviewer to look at; the item stays where it is. The same words from the same person
 * while their flag is open return that flag: a repeated call raises none.
 * @throws E_NOT_FOUND for an item that is deleted or was never served to an annotator, E_CONFLICT in an archived project.
 */
export async function flagItem(ctx: QueueContext, input: { row: number; comment: string }): Promise<FlagView> {
  const userId = requireAnnotator(ctx.actor);
  const { db, project } = ctx;
  const now = ctx.clock.now();
  refuseArchived(project);
  await requireServed(ctx, userId, input.row);
  const flag = { projectId: project.id, id: randomUUID(), row: input.row, userId, comment: input.comment, now };
  const view = await withTransaction(db, async (tx) => {
    // Deleting waits for the item: a flag raised before is closed by it, one that comes after finds no item.
    await lockItem(tx, project.id, input.row);
    // The counter's lock comes before the look: two calls at once cannot both find no flag.
    await changeOpenFlags(tx, project.id, 1);
    await requireServed({ ...ctx, db: tx }, userId, input.row);
    const same = await findSameFlag(tx, flag);
    if (same) {
      await changeOpenFlags(tx, project.id, -1);
      return toView(same);
    }
    await insertFlag(tx, flag);
    const made = await selectFlag(tx, project.id, flag.id);
    if (!made) throw new AppError("E_INTERNAL", "invariant broken: a flag that was just written is not there");
    return toView(made);
  });
  announceSoon(db, project.id, "labels");
  return view;
}

/** For reviewers: marks a flag as dealt with. Resolving it again changes nothing. @throws E_NOT_FOUND. */
export async function resolveFlag(ctx: QueueContext, id: string): Promise<FlagView> {
  const { db, project, actor } = ctx;
  const now = ctx.clock.now();
  const view = await withTransaction(db, async (tx) => {
    if (await markFlagResolved(tx, { projectId: project.id, id, by: userIdOf(actor), now })) {
      await changeOpenFlags(tx, project.id, -1);
      await appendAuditLog(tx, { actor, projectId: project.id, action: "annotation.resolveFlag", target: id, at: now });
    }
    const flag = await selectFlag(tx, project.id, id);
    if (!flag) throw new AppError("E_NOT_FOUND", "There is no such flag in this project.", { details: { id } });
    return toView(flag);
  });
  announceSoon(db, project.id, "labels");
  return view;
}

const cursorSchema = z.tuple([z.boolean(), z.iso.datetime(), z.uuid()]);

function readCursor(cursor: string): { isResolved: boolean; createdAt: string; id: string } {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    // Falls through to the schema, which refuses it with the same words as any other damaged cursor.
    json = undefined;
  }
  const parsed = cursorSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("E_BAD_INPUT", "cursor: expected the nextCursor of an earlier page, unchanged.", {
      details: { field: "cursor" },
    });
  }
  const [isResolved, createdAt, id] = parsed.data;
  return { isResolved, createdAt, id };
}

function writeCursor(flag: FlagView): string {
  return Buffer.from(JSON.stringify([flag.resolvedAt !== null, flag.createdAt, flag.id])).toString("base64url");
}

/** The project's flags, open ones first, newest first. */
export async function listFlags(
  ctx: QueueContext,
  input: { cursor?: string; limit: number },
): Promise<{ rows: FlagView[]; nextCursor: string | null }> {
  const after = input.cursor === undefined ? null : readCursor(input.cursor);
  const rows = (await selectFlags(ctx.db, ctx.project.id, after, input.limit + 1)).map(toView);
  const page = rows.slice(0, input.limit);
  return { rows: page, nextCursor: rows.length > input.limit ? writeCursor(page[page.length - 1]) : null };
}
