import { LIMITS } from "@/contracts/limits";
import type { HistoryRow } from "@/contracts/queue";
import type { QueueContext } from "../queue";
import { requireAnnotator } from "../queue";
import { readHistoryRows } from "./history.db";

/** The caller's own newest answers, newest first, with which of them can be undone. It survives a reload: it is read. */
export async function readHistory(ctx: QueueContext, limit: number): Promise<HistoryRow[]> {
  const rows = await readHistoryRows(ctx.db, ctx.project.id, requireAnnotator(ctx.actor), limit);
  return rows.map((row, i) => ({
    ...row,
    at: row.at.toISOString(),
    canUndo: !row.retracted && i < LIMITS.undoDepth,
  }));
}
