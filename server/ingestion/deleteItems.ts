import type { DeleteItemsResult } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { appendAuditLog } from "../audit";
import { userIdOf } from "../auth";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { notifyProject } from "../jobs";
import {
  countEffectiveAudit,
  lockLivingItems,
  markDeleted,
  passOnOriginals,
  removeBodies,
  resolveFlags,
  subtractFromCounters,
  supersedeEntries,
} from "./deletion.db";
import type { IngestContext } from "./ingestContext";
import { lockRowCounter } from "./ingestion.db";
import { selectRowsByExternalId } from "./vectors.db";

export interface DeleteItemsInput {
  rows?: readonly number[];
  externalIds?: readonly string[];
}

/**
 * Deletes items for good: content, metadata, search entry, drafts and place in the queue go; the row number stays taken,
 * and annotations stay in the log. The id may be given again. Copies of a deleted item are linked to the next one of
 * equal content. Locks: row counter, items by row, entries by id, label counter. Deleting what is deleted changes nothing.
 */
export async function deleteItems(ctx: IngestContext, input: DeleteItemsInput): Promise<DeleteItemsResult> {
  const { db, clock, project, actor } = ctx;
  const given = { rows: input.rows ?? [], externalIds: input.externalIds ?? [] };
  const n = given.rows.length + given.externalIds.length;
  if (n === 0 || n > LIMITS.ingestRows) {
    throw new AppError("E_BAD_INPUT", `Name 1 to ${LIMITS.ingestRows} items by rows or externalIds; got ${n}.`);
  }
  return withTransaction(db, async (tx) => {
    const now = clock.now();
    await lockRowCounter(tx, project.id);
    const byId = await selectRowsByExternalId(tx, project.id, given.externalIds);
    const wanted = [...new Set([...given.rows, ...byId.values()])];
    const items = await lockLivingItems(tx, project.id, wanted);
    const rows = items.map((item) => item.row);
    const living = new Set(rows);
    const notFound = [
      ...given.rows.filter((row) => !living.has(row)),
      ...given.externalIds.filter((id) => !living.has(byId.get(id) ?? -1)),
    ];
    if (rows.length === 0) return { deleted: 0, notFound };
    await supersedeEntries(tx, project.id, rows);
    const audit = await countEffectiveAudit(tx, project.id, rows);
    const flags = await resolveFlags(tx, project.id, rows, userIdOf(actor), now);
    await markDeleted(tx, project.id, rows, now);
    const heirs = await passOnOriginals(tx, project.id, rows);
    await removeBodies(tx, project.id, rows);
    await subtractFromCounters(tx, project.id, {
      items: rows.length,
      duplicates: items.filter((item) => item.duplicate_of !== null).length + heirs,
      labels: items.reduce((sum, item) => sum + item.n_labels, 0),
      resolved: items.filter((item) => item.status === "resolved").length,
      skips: items.reduce((sum, item) => sum + item.n_skips, 0),
      flags,
      audit,
    });
    await appendAuditLog(tx, {
      actor,
      projectId: project.id,
      action: "ingest.deleteItems",
      details: { deleted: rows.length, rows: rows.slice(0, 100) },
      at: now,
    });
    for (const topic of ["items", "queue", "labels"] as const) await notifyProject(tx, project.id, topic);
    return { deleted: rows.length, notFound };
  });
}
