import type { Db } from "../db";
import { AppError } from "../errors";
import type { QueueContext } from "../queue";
import { readServed } from "./served.db";

/**
 * Who labels knows the items they were given and no others; reviewers and leads see all of them.
 * @throws E_NOT_FOUND for a row that is no item, is deleted, or was never served to an annotator, all alike.
 */
export async function requireServed(
  ctx: Pick<QueueContext, "project" | "role"> & { db: Db },
  userId: string,
  row: number,
): Promise<void> {
  const { isLiving, wasServed } = await readServed(ctx.db, ctx.project.id, row, userId);
  const seesAll = ctx.role === "lead" || ctx.role === "reviewer";
  if (isLiving && (wasServed || seesAll)) return;
  throw new AppError(
    "E_NOT_FOUND",
    `There is no item ${row} here for you. Expected an item that was served to you and was not deleted since.`,
    { details: { row } },
  );
}
