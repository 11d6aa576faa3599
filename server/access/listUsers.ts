import type { Page, UserRow } from "@/contracts/access";
import type { Db } from "../db";
import { readEmailCursor, writeEmailCursor } from "./emailCursor";
import { selectUsers } from "./users.db";

/** Everyone on the instance, by email. */
export async function listUsers(
  { db }: { db: Db },
  input: { cursor?: string; limit: number; search?: string },
): Promise<Page<UserRow>> {
  const rows = await selectUsers(db, {
    afterEmail: readEmailCursor(input.cursor),
    search: input.search?.trim() || null,
    limit: input.limit + 1,
  });
  const page = rows.slice(0, input.limit);
  return { rows: page, nextCursor: rows.length > input.limit ? writeEmailCursor(page[page.length - 1].email) : null };
}
