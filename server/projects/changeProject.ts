import { isDeepStrictEqual } from "node:util";
import type { ProjectStrategy, ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { appendAuditLog } from "../audit";
import { userIdOf } from "../auth";
import type { Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { cancelJob, listJobRuns, notifyProject, requestJob } from "../jobs";
import { checkStrategy } from "./checkSettings";
import { projectNotFound } from "./loadProject";
import type { ProjectRow } from "./projectRow";
import { lockProjectRow, markDeleted, updateGuidelinesText, updateStatus, updateStrategySpec } from "./projects.db";
import type { SettingsContext } from "./updateProject";

async function lockProject(tx: Tx, projectId: number): Promise<ProjectRow> {
  const project = await lockProjectRow(tx, projectId);
  if (!project) throw projectNotFound();
  return project;
}

/**
 * Changes what fills the queue, and asks for a refill in the same transaction; entries that people hold stay theirs. The
 * same strategy again changes nothing and asks for nothing.
 */
export async function updateStrategy(
  { db, clock, actor }: SettingsContext,
  input: { projectId: number; strategy: ProjectStrategy },
): Promise<{ strategy: ProjectStrategy; jobRunId: string | null }> {
  const { projectId } = input;
  return withTransaction(db, async (tx) => {
    const project = await lockProject(tx, projectId);
    const strategy = checkStrategy(getTaskType(project.taskType), input.strategy);
    if (isDeepStrictEqual(strategy, project.strategy)) return { strategy, jobRunId: null };
    const at = clock.now();
    await updateStrategySpec(tx, projectId, strategy, strategy.auditShare, at);
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "project.updateStrategy",
      target: project.slug,
      details: { from: project.strategy, to: strategy },
      at,
    });
    const { jobRunId } = await requestJob(tx, clock, {
      kind: "queue.refill",
      payload: { projectId, trigger: "strategyChange", triggeredAt: at.toISOString() },
      requestedBy: userIdOf(actor) ?? undefined,
    });
    await notifyProject(tx, projectId, "settings");
    return { strategy, jobRunId };
  });
}

/** Stores a new text of the guidelines under the next version number. The same text keeps its version. */
export async function updateGuidelines(
  { db, clock, actor }: SettingsContext,
  input: { projectId: number; guidelines: string },
): Promise<{ guidelinesVersion: number }> {
  const { projectId, guidelines } = input;
  return withTransaction(db, async (tx) => {
    const project = await lockProject(tx, projectId);
    const at = clock.now();
    const guidelinesVersion = await updateGuidelinesText(tx, projectId, guidelines, at);
    if (guidelinesVersion === project.guidelinesVersion) return { guidelinesVersion };
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "project.updateGuidelines",
      target: project.slug,
      details: { version: guidelinesVersion, characters: guidelines.length },
      at,
    });
    await notifyProject(tx, projectId, "settings");
    return { guidelinesVersion };
  });
}

/** Pauses, resumes or archives. Who holds items may finish them; nobody gets new ones while it is not active. */
export async function setProjectStatus(
  { db, clock, actor }: SettingsContext,
  input: { projectId: number; status: ProjectView["status"] },
): Promise<{ status: ProjectView["status"] }> {
  const { projectId, status } = input;
  return withTransaction(db, async (tx) => {
    const project = await lockProject(tx, projectId);
    if (project.status === status) return { status };
    const at = clock.now();
    await updateStatus(tx, projectId, status, at);
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "project.setStatus",
      target: project.slug,
      details: { from: project.status, to: status },
      at,
    });
    await notifyProject(tx, projectId, "settings");
    await notifyProject(tx, projectId, "queue");
    return { status };
  });
}

/** Live runs are few: a handful of kinds, each once. */
const LIVE_RUNS_MAX = 200;

/**
 * Deletes the project: it disappears everywhere at once, its keys and invitations stop working, its running jobs are
 * cancelled, its address is free again. Its rows stay in the database, for whoever has to bring it back.
 */
export async function deleteProject(
  { db, clock, actor }: SettingsContext,
  input: { projectId: number; confirmSlug: string },
): Promise<{ projectId: number }> {
  const { projectId, confirmSlug } = input;
  return withTransaction(db, async (tx) => {
    const project = await lockProject(tx, projectId);
    if (confirmSlug !== project.slug) {
      throw new AppError("E_BAD_INPUT", `confirmSlug: expected "${project.slug}". Nothing was deleted.`, {
        details: { field: "confirmSlug" },
      });
    }
    const at = clock.now();
    const live = await listJobRuns(tx, projectId, { states: ["queued", "running"], limit: LIVE_RUNS_MAX });
    for (const run of live) await cancelJob(tx, clock, projectId, run.id);
    await markDeleted(tx, projectId, at);
    const entry = { actor, action: "project.delete", target: project.slug, at };
    await appendAuditLog(tx, { ...entry, projectId });
    await appendAuditLog(tx, { ...entry, projectId: null, details: { projectId, name: project.name } });
    await notifyProject(tx, projectId, "settings");
    return { projectId };
  });
}
