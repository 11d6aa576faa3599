import type { StrategyView } from "./strategyView";

/** What a project has to offer to a strategy right now. */
export interface ProjectState {
  hasModel: boolean;
  hasVectors: boolean;
  nLabels: number;
  /** What the task type asks for. */
  target: "classes" | "multiLabel" | "number";
}

/** What each array of the pool is called. */
export const NEED_WORDS: Record<string, string> = {
  probabilities: "predictions of a model",
  embeddings: "vectors of the items",
  labels: "labels",
  head: "the last layer of a model",
  posterior: "several draws of a model",
  costs: "a cost per item",
  groups: "a group per item",
  state: "its own memory of earlier rounds",
};
/** What only a trained model can give. */
export const OF_A_MODEL = ["probabilities", "head", "posterior"] as const;
const TASK_KINDS: Record<ProjectState["target"], string> = {
  classes: "single-label",
  multiLabel: "multi-label",
  number: "regression",
};

/** Whether a strategy is made for this kind of task. */
export function fitsTask(strategy: StrategyView, target: ProjectState["target"]): boolean {
  return (strategy.taskKinds as readonly string[]).includes(TASK_KINDS[target]);
}

/**
 * What a strategy needs and the project lacks, in sentences that say what happens instead. Empty: it can run now.
 * Memory of earlier rounds is not a need that can be unmet: the first round begins without.
 */
export function unmetNeeds(strategy: StrategyView | undefined, state: ProjectState): string[] {
  if (!strategy) return [];
  const { arrays, minLabels = 0 } = strategy.needs;
  const unmet: string[] = [];
  if (!fitsTask(strategy, state.target)) unmet.push("It is not made for this kind of task.");
  if (OF_A_MODEL.some((array) => arrays.includes(array)) && !state.hasModel)
    unmet.push("It needs predictions, and no model has been trained yet.");
  if (arrays.includes("embeddings") && !state.hasVectors)
    unmet.push("It needs vectors of the items, and none have been computed yet.");
  if (state.nLabels < minLabels) unmet.push(`It needs ${minLabels} labels, and there are ${state.nLabels}.`);
  return unmet;
}
