import { appendAuditLog } from "../audit";
import { userIdOf } from "../auth";
import type { Clock } from "../clock";
import type { Db } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { requestJob } from "../jobs";
import type { ProjectRow } from "../projects";
import { refuseArchived } from "../projects";
import type { ModelContext } from "./activateModel";
import { shouldRetrain } from "./retrainPolicy";
import { countLivingItems, selectLabelTime, selectRetrainState } from "./training.db";

/** For leads: trains now, whatever the policy says. While a run is live, that run is returned and none is added. */
export async function requestRetrain({ db, clock, actor, project }: ModelContext): Promise<{ jobRunId: string }> {
  refuseArchived(project);
  if ((await countLivingItems(db, project.id)) === 0) {
    throw new AppError("E_PRECONDITION", "There are no items yet. Add items and label some of them, then train.");
  }
  if (project.activeFeatureVersion === null) {
    throw new AppError(
      "E_PRECONDITION",
      "There is nothing to train on yet: the features of this project are being computed.",
    );
  }
  return withTransaction(db, async (tx) => {
    const { jobRunId } = await requestJob(tx, clock, {
      kind: "training.retrain",
      payload: { projectId: project.id, trigger: "manual", triggeredAt: clock.now().toISOString() },
      requestedBy: userIdOf(actor) ?? undefined,
    });
    const entry = { actor, projectId: project.id, action: "model.retrain", target: jobRunId };
    await appendAuditLog(tx, { ...entry, at: clock.now() });
    return { jobRunId };
  });
}

/**
 * Asks for a retraining when the project's policy says so; cheap enough to be called often. The label that made it due is
 * when it counts as triggered. Returns whether it asked.
 */
export async function requestRetrainIfDue(
  db: Db,
  clock: Clock,
  project: Pick<ProjectRow, "id" | "retrainPolicy">,
): Promise<boolean> {
  const state = await selectRetrainState(db, project.id, null);
  const decision = state && shouldRetrain(project.retrainPolicy, state, clock.now());
  if (!state || decision?.due !== true) return false;
  const dueSeq =
    decision.trigger === "labels" ? (state.trainedThroughSeq ?? 0) + project.retrainPolicy.everyLabels : state.labelSeq;
  const labelAt = decision.trigger === "time" ? null : await selectLabelTime(db, project.id, dueSeq);
  const { isNew } = await requestJob(db, clock, {
    kind: "training.retrain",
    payload: {
      projectId: project.id,
      trigger: decision.trigger === "start" ? "labels" : decision.trigger,
      triggeredAt: (labelAt ?? clock.now()).toISOString(),
    },
  });
  return isNew;
}
