import { SECOND_MS } from "@/contracts/limits";
import type { Clock } from "../clock";
import { addMs } from "../clock";
import type { Tx } from "../db";
import { requestJob } from "../jobs";
import type { ProjectRow } from "../projects";
import { requestRetrainIfDue } from "../training";

/** Items that come in one after the other are taken into the queue together. */
const REFILL_PAUSE_MS = 3 * SECOND_MS;

/**
 * Asks for what new vectors are good for: a model on them when the version is new, predictions of the rows that the
 * active model has not seen, and a round that can choose among them.
 */
export async function requestAfterBuild(
  tx: Tx,
  clock: Clock,
  project: ProjectRow,
  isNewVersion: boolean,
): Promise<void> {
  const projectId = project.id;
  if (isNewVersion) {
    await requestJob(tx, clock, { kind: "training.retrain", payload: { projectId, trigger: "start" } });
  } else {
    // Labels that came along with the items: now there are vectors to learn them from.
    await requestRetrainIfDue(tx, clock, project);
  }
  if (project.activeModelVersion !== null) {
    await requestJob(tx, clock, {
      kind: "prediction.predict",
      payload: { projectId, modelVersion: project.activeModelVersion },
    });
    return;
  }
  await requestJob(tx, clock, {
    kind: "queue.refill",
    payload: { projectId, trigger: project.activeFeatureVersion === null ? "start" : "newItems" },
    startAfter: project.activeFeatureVersion === null ? undefined : addMs(clock.now(), REFILL_PAUSE_MS),
  });
}
