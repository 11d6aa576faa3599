import { LIMITS } from "@/contracts/limits";
import { appendAuditLog } from "../audit";
import { settleItem } from "../consensus";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { notifyProject } from "../jobs";
import { addToResolved, lockItemAnswers, supersedeWaiting, writeItemStates } from "./itemStatus.db";
import type { ItemsContext } from "./itemsContext";

export interface SetStatusInput {
  rows: readonly number[];
  /** excluded: nobody is asked about it any more; open: an excluded or parked one is what its answers make it. */
  status: "open" | "excluded";
}

export interface SetStatusResult {
  /** Items whose status became another one. */
  changed: number;
  /** Rows that name no living item of the project. */
  notFound: number[];
}

/**
 * Excludes items from labeling, or takes them back. Labels stay either way; an item that is taken back is resolved at
 * once if it has enough of them. What somebody is answering at the moment is kept as an extra vote. Locks the items by
 * row, their waiting entries, then the project's counter. Repeating it changes nothing.
 */
export async function setStatus(ctx: ItemsContext, input: SetStatusInput): Promise<SetStatusResult> {
  const { db, clock, project, actor } = ctx;
  const rows = [...new Set(input.rows)];
  if (rows.length === 0 || rows.length > LIMITS.ingestRows) {
    throw new AppError("E_BAD_INPUT", `rows: expected 1 to ${LIMITS.ingestRows} items, got ${rows.length}.`, {
      details: { field: "rows" },
    });
  }
  return withTransaction(db, async (tx) => {
    const now = clock.now();
    const items = await lockItemAnswers(tx, project.id, rows);
    const living = new Set(items.map((item) => item.row));
    const notFound = rows.filter((row) => !living.has(row));
    const states = items.flatMap((item) => {
      const isAside = item.status === "excluded" || item.status === "parked";
      if (input.status === "excluded" ? item.status === "excluded" : !isAside) return [];
      const answers = { values: item.values, nSkips: item.nSkips, isSkippedByAll: false };
      const after = settleItem(project, input.status, answers, "retract");
      return [{ row: item.row, before: item.status, ...after }];
    });
    if (states.length === 0) return { changed: 0, notFound };
    if (input.status === "excluded")
      await supersedeWaiting(
        tx,
        project.id,
        states.map((state) => state.row),
        now,
      );
    await writeItemStates(tx, project.id, states, now);
    const resolved = (status: string): number => Number(status === "resolved");
    const delta = states.reduce((sum, state) => sum + resolved(state.status) - resolved(state.before), 0);
    await addToResolved(tx, project.id, delta);
    await appendAuditLog(tx, {
      actor,
      projectId: project.id,
      action: "item.setStatus",
      details: { status: input.status, changed: states.length, rows: states.slice(0, 100).map((state) => state.row) },
      at: now,
    });
    for (const topic of ["items", "labels", "queue"] as const) await notifyProject(tx, project.id, topic);
    return { changed: states.length, notFound };
  });
}
