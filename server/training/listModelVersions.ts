import type { ModelVersionRow } from "@/contracts/dashboards";
import type { Db } from "../db";
import { AppError } from "../errors";
import type { ListedVersionRow } from "./training.db";
import { selectListedVersions } from "./training.db";

const VERSION_MAX = 2 ** 31 - 1;

/** Model versions, newest first, a page at a time; the cursor is the last version shown. */
export async function listModelVersions(
  db: Db,
  projectId: number,
  page: { cursor?: number; limit: number },
): Promise<{ rows: ModelVersionRow[]; nextCursor: number | null }> {
  const found = await selectListedVersions(db, projectId, {
    before: page.cursor ?? VERSION_MAX,
    limit: page.limit + 1,
  });
  const rows = found.slice(0, page.limit).map(toView);
  return { rows, nextCursor: found.length > page.limit ? (rows.at(-1)?.version ?? null) : null };
}

/** @throws AppError E_NOT_FOUND. */
export async function getModelVersion(db: Db, projectId: number, version: number): Promise<ModelVersionRow> {
  const [found] = await selectListedVersions(db, projectId, { version });
  if (!found) throw new AppError("E_NOT_FOUND", `This project has no model version ${version}.`);
  return toView(found);
}

function toView(row: ListedVersionRow): ModelVersionRow {
  return {
    ...row,
    accuracy: row.accuracy && { ...row.accuracy, unit: "share" },
    error: row.error?.message ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}
