import type { Page } from "@/contracts/access";
import type { ProjectRole } from "@/contracts/permissions";
import type { ProjectListRow, ProjectView } from "@/contracts/project";
import type { Actor } from "../auth";
import type { Db } from "../db";
import { AppError } from "../errors";
import { projectNotFound } from "./loadProject";
import type { ProjectRow } from "./projectRow";
import { selectGuidelines, selectProjectList } from "./projects.db";

/** The project with its guidelines and the caller's role. */
export async function readProject({
  db,
  project,
  role,
}: {
  db: Db;
  project: ProjectRow;
  role: ProjectRole | null;
}): Promise<ProjectView> {
  const guidelines = await selectGuidelines(db, project.id);
  if (guidelines === undefined) throw projectNotFound();
  const { createdBy: _createdBy, createdAt, ...view } = project;
  return { ...view, guidelines, createdAt: createdAt.toISOString(), myRole: role };
}

const CURSOR = /^[0-9]{1,9}$/;

/** The caller's projects, newest first; administrators see all. */
export async function listProjects(
  { db, actor }: { db: Db; actor: Actor },
  input: { cursor?: string; limit: number },
): Promise<Page<ProjectListRow>> {
  const { cursor, limit } = input;
  if (cursor !== undefined && !CURSOR.test(cursor)) {
    throw new AppError("E_BAD_INPUT", "cursor: expected the nextCursor of the page before.", {
      details: { field: "cursor" },
    });
  }
  const seesAll = actor.kind === "system" || (actor.kind === "user" && actor.role === "administrator");
  const rows = await selectProjectList(db, {
    userId: seesAll ? null : (actor.id ?? ""),
    beforeId: cursor === undefined ? null : Number(cursor),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  return { rows: page, nextCursor: rows.length > limit ? String(page[page.length - 1].id) : null };
}
