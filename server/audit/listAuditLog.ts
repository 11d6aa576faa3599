import type { AuditRow, Page } from "@/contracts/access";
import type { Db } from "../db";
import { AppError } from "../errors";
import { selectAuditEntries } from "./audit.db";

const CURSOR = /^[0-9]{1,15}$/;

/** One page of a project's log (null: of the instance's), newest first. */
export async function listAuditLog(
  { db }: { db: Db },
  input: { projectId: number | null; cursor?: string; limit: number },
): Promise<Page<AuditRow>> {
  const { projectId, cursor, limit } = input;
  if (cursor !== undefined && !CURSOR.test(cursor)) {
    throw new AppError("E_BAD_INPUT", "cursor: expected the nextCursor of the page before.", {
      details: { field: "cursor" },
    });
  }
  const rows = await selectAuditEntries(db, projectId, cursor === undefined ? null : Number(cursor), limit + 1);
  const page = rows.slice(0, limit);
  return { rows: page, nextCursor: rows.length > limit ? String(page[page.length - 1].id) : null };
}
