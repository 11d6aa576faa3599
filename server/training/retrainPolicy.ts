import { SECOND_MS } from "@/contracts/limits";
import type { RetrainPolicy } from "@/contracts/project";

export interface RetrainState {
  projectStatus: "active" | "paused" | "archived";
  /** A retraining is queued or running. */
  isRunning: boolean;
  /** The project has features of which a model could learn. */
  hasFeatures: boolean;
  /** Effective labels now. */
  nLabels: number;
  /** Number of the newest annotation. */
  labelSeq: number;
  /** What the newest version, ready or in training, was trained through; null without a version. */
  trainedThroughSeq: number | null;
  /** When that version was begun; null without one. */
  lastTrainedAt: Date | null;
  /** Number of the newest annotation when the last run found too few labels or one class only; null otherwise. */
  skippedAtSeq: number | null;
}

export type RetrainDecision =
  | { due: true; trigger: "labels" | "time" | "start" }
  | {
      due: false;
      reason: "off" | "notActive" | "running" | "noFeatures" | "tooFewLabels" | "nothingNew" | "notYet";
      /** When time alone will make it due; null when only labels can. */
      dueAt: Date | null;
    };

/**
 * Whether a new model version is to be trained now. Pure.
 *
 * Never while one runs, before `minLabels` effective labels, or without a new answer. The first version is due with
 * `minLabels`; later ones with `everyLabels` new answers, or with one new answer once `everySeconds` have passed since
 * the last version was begun. Staleness is labelSeq − trainedThroughSeq.
 */
export function shouldRetrain(policy: RetrainPolicy, state: RetrainState, now: Date): RetrainDecision {
  const notDue = (reason: Extract<RetrainDecision, { due: false }>["reason"], dueAt: Date | null = null) =>
    ({ due: false, reason, dueAt }) as const;
  if (!policy.automatic) return notDue("off");
  if (state.projectStatus !== "active") return notDue("notActive");
  if (state.isRunning) return notDue("running");
  if (!state.hasFeatures) return notDue("noFeatures");
  if (state.nLabels < policy.minLabels) return notDue("tooFewLabels");
  if (state.skippedAtSeq !== null && state.labelSeq <= state.skippedAtSeq) return notDue("nothingNew");
  if (state.trainedThroughSeq === null || state.lastTrainedAt === null) return { due: true, trigger: "start" };
  const staleness = state.labelSeq - state.trainedThroughSeq;
  if (staleness <= 0) return notDue("nothingNew");
  if (staleness >= policy.everyLabels) return { due: true, trigger: "labels" };
  const dueAt = new Date(state.lastTrainedAt.getTime() + policy.everySeconds * SECOND_MS);
  return now >= dueAt ? { due: true, trigger: "time" } : notDue("notYet", dueAt);
}
