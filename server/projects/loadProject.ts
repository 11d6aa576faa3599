import type { Db } from "../db";
import { AppError } from "../errors";
import type { ProjectRow } from "./projectRow";
import { selectProjectRow } from "./projects.db";

/** Project rows kept in this process. A row is used only while its version in the database is still the same. */
const CACHED_PROJECTS_MAX = 500;
const cache = new Map<number, { row: ProjectRow; version: string }>();

export function projectNotFound(): AppError {
  return new AppError(
    "E_NOT_FOUND",
    "There is no such project, or you are not a member of it. Check the address, or ask a lead for an invitation.",
  );
}

/** The project, read now. Throws E_NOT_FOUND when there is none or it was deleted. */
export async function loadProject(db: Db, projectId: number): Promise<ProjectRow> {
  const found = await selectProjectRow(db, projectId);
  if (!found) throw projectNotFound();
  return found.row;
}

/** A cached row is shared by calls: whoever tries to change it is told at once. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

/**
 * The project whose row is known to have this version, out of memory when possible. The version comes from the access
 * query of the same request, so what is returned is never older than that query; parsing labels and specs again for
 * every claim and submit is what this saves.
 */
export async function loadProjectAt(db: Db, projectId: number, version: string): Promise<ProjectRow> {
  const known = cache.get(projectId);
  if (known?.version === version) return known.row;
  const found = await selectProjectRow(db, projectId);
  if (!found) throw projectNotFound();
  freeze(found.row);
  cache.delete(projectId);
  cache.set(projectId, found);
  if (cache.size > CACHED_PROJECTS_MAX) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  return found.row;
}
