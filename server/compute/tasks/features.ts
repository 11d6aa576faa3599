import { applyFeatures, learnFeatures } from "../../features";
import type { ApplyPayload, ApplyResult, LearnPayload, LearnResult } from "../protocol";
import type { TaskContext } from "../taskContext";

export function learn(context: TaskContext, payload: LearnPayload): Promise<LearnResult> {
  return learnFeatures(context, payload);
}

export function apply(context: TaskContext, payload: ApplyPayload): Promise<ApplyResult> {
  return applyFeatures(context, payload);
}
