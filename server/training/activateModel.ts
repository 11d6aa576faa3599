import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import { userIdOf } from "../auth";
import type { Clock } from "../clock";
import type { Pool, Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { notifyProject, requestJob } from "../jobs";
import type { ProjectRow } from "../projects";
import { lockActiveModel, selectModelVersion, selectNewestReadyVersion, writeActiveVersion } from "./training.db";

export interface ModelContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
  project: ProjectRow;
}

/**
 * Rolls back (or forward) to a version and pins it: training goes on, but newer versions wait until {@link unpinModel}. In
 * the same transaction asks for the predictions it may lack, after which the queue is refilled from them. Locks the
 * project's row. Called twice, the second call changes nothing.
 *
 * @throws AppError E_NOT_FOUND; E_PRECONDITION for a version that is not ready.
 */
export async function activateModel(
  { db, clock, actor, project }: ModelContext,
  input: { version: number },
): Promise<{ version: number; isPinned: true }> {
  const { version } = input;
  return withTransaction(db, async (tx) => {
    const found = await selectModelVersion(tx, project.id, version);
    if (!found) throw new AppError("E_NOT_FOUND", `This project has no model version ${version}.`);
    if (found.state !== "ready") {
      throw new AppError("E_PRECONDITION", `Model version ${version} is ${found.state}; only a ready one can be used.`);
    }
    const before = await lockActiveModel(tx, project.id);
    if (before.active === version && before.pinned === version) return { version, isPinned: true };
    await switchTo(tx, clock, project.id, { version, pinned: version }, before.active !== version, actor);
    await appendAuditLog(tx, {
      actor,
      projectId: project.id,
      action: "model.activate",
      target: version,
      details: { from: before.active },
      at: clock.now(),
    });
    return { version, isPinned: true };
  });
}

/** Ends a pin: the newest ready version is used again, as are those to come. Called twice, the second call changes nothing. */
export async function unpinModel({ db, clock, actor, project }: ModelContext): Promise<{ version: number | null }> {
  return withTransaction(db, async (tx) => {
    const before = await lockActiveModel(tx, project.id);
    if (before.pinned === null) return { version: before.active };
    const version = (await selectNewestReadyVersion(tx, project.id))?.version ?? null;
    await switchTo(tx, clock, project.id, { version, pinned: null }, before.active !== version, actor);
    await appendAuditLog(tx, {
      actor,
      projectId: project.id,
      action: "model.unpin",
      target: version,
      details: { from: before.active },
      at: clock.now(),
    });
    return { version };
  });
}

async function switchTo(
  tx: Tx,
  clock: Clock,
  projectId: number,
  active: { version: number | null; pinned: number | null },
  isOther: boolean,
  actor: Actor,
): Promise<void> {
  await writeActiveVersion(tx, projectId, active, clock.now());
  if (isOther && active.version !== null) {
    await requestJob(tx, clock, {
      kind: "prediction.predict",
      payload: { projectId, modelVersion: active.version },
      requestedBy: userIdOf(actor) ?? undefined,
    });
  }
  await notifyProject(tx, projectId, "models");
}
