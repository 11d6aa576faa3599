import type { Clock } from "../clock";
import type { Tx } from "../db";
import { requestJob } from "../jobs";
import type { ProjectRow } from "../projects";

export interface RetrainingFacts {
  /** Effective labels, the present one included. */
  nLabels: number;
  /** Sequence number of the present answer. */
  seq: number;
  trainedThroughSeq: number | null;
  isRetraining: boolean;
}

/** Asks for a retraining in the transaction of the label that makes it due; the job's key folds many labels into one. */
export async function requestRetraining(
  tx: Tx,
  clock: Clock,
  project: ProjectRow,
  facts: RetrainingFacts,
): Promise<boolean> {
  const { retrainPolicy: policy } = project;
  const labelsSince = facts.seq - (facts.trainedThroughSeq ?? 0);
  if (facts.isRetraining || !policy.automatic || facts.nLabels < policy.minLabels) return false;
  if (facts.trainedThroughSeq !== null && labelsSince < policy.everyLabels) return false;
  const { isNew } = await requestJob(tx, clock, {
    kind: "training.retrain",
    payload: { projectId: project.id, trigger: "labels", triggeredAt: clock.now().toISOString() },
  });
  return isNew;
}
