import type { Clock } from "../clock";
import type { Tx } from "../db";
import type { ProjectRow } from "../projects";
import { requestRetrainIfDue } from "../training";

export interface RetrainingFacts {
  /** Effective labels, the present one included. */
  nLabels: number;
  /** Sequence number of the present answer. */
  seq: number;
  trainedThroughSeq: number | null;
  isRetraining: boolean;
}

/**
 * Asks for a retraining in the transaction of the label that makes it due. The policy decides; what is looked at first
 * are numbers at hand, so that the labels between two trainings, nearly all of them, ask nothing of the database.
 */
export async function requestRetraining(
  tx: Tx,
  clock: Clock,
  project: ProjectRow,
  facts: RetrainingFacts,
): Promise<boolean> {
  const { retrainPolicy: policy } = project;
  const labelsSince = facts.seq - (facts.trainedThroughSeq ?? 0);
  const canBeDue =
    policy.automatic &&
    !facts.isRetraining &&
    project.activeFeatureVersion !== null &&
    facts.nLabels >= policy.minLabels &&
    (facts.trainedThroughSeq === null || labelsSince >= policy.everyLabels);
  return canBeDue && requestRetrainIfDue(tx, clock, project);
}
