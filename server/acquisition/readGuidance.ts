import type { GuidanceArray, GuidanceView } from "@/contracts/acquisition";
import type { ProjectStrategy } from "@/contracts/project";
import type { PoolArray, StrategySpec, TaskKind } from "@/strategies";
import { normalizeSpec, registry, specArrays, specCost } from "@/strategies";
import type { OptionValues } from "@/strategies/core/types";
import { getTaskType } from "@/task-types/registry";
import type { Db } from "../db";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";
import type { PoolFactsRow } from "./acquisition.db";
import { selectPoolFacts } from "./acquisition.db";
import { hasHead } from "./hasHead";

/** Operations of the kernels in a second on one core, order of magnitude: what turns a cost formula into a time. */
const FLOPS_PER_SECOND = 2e9;
const MEBIBYTE = 2 ** 20;
const TASK_KIND: Record<string, TaskKind> = {
  classes: "single-label",
  multiLabel: "multi-label",
  number: "regression",
};

/**
 * What a strategy with these options needs, whether the project has it, and what a round of it costs on the pool as it is.
 *
 * @throws AppError E_BAD_INPUT for options that the strategy refuses.
 */
export async function readGuidance(
  db: Db,
  project: ProjectRow,
  { main }: { main: ProjectStrategy["main"] },
): Promise<GuidanceView> {
  const spec = specOf(main);
  const facts = await selectPoolFacts(db, project.id);
  const taskType = getTaskType(project.taskType);
  const strategy = registry.strategies.find(({ id }) => id === main.id);
  const options = (spec as { options?: OptionValues }).options ?? {};
  const needs = strategy?.needs(options, TASK_KIND[taskType.target]) ?? { arrays: [] };
  const arrays = specArrays(spec).map((array) => describe(array, facts, project));
  const nClasses = taskType.classes(project.taskConfig).length;
  const cost = specCost(spec, {
    eligible: facts.eligible,
    labelled: facts.nLabels,
    nClasses,
    embeddingDim: facts.embeddingDim ?? 0,
    batchSize: project.strategy.batchSize,
  });
  const { minLabels = 0, minClasses = 0 } = needs;
  return {
    arrays,
    nLabels: facts.nLabels,
    nClassesLabelled: facts.nClassesLabelled,
    minLabels,
    minClasses,
    canRun:
      arrays.every(({ isThere }) => isThere) && facts.nLabels >= minLabels && facts.nClassesLabelled >= minClasses,
    cost: { eligible: facts.eligible, seconds: cost.flops / FLOPS_PER_SECOND, mebibytes: cost.bytes / MEBIBYTE },
  };
}

function specOf(main: ProjectStrategy["main"]): StrategySpec {
  try {
    return normalizeSpec({ op: "single", use: main.id, options: main.options });
  } catch (error) {
    throw new AppError("E_BAD_INPUT", error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function describe(array: PoolArray, facts: PoolFactsRow, project: ProjectRow): GuidanceArray {
  const is = (isThere: boolean, there: string, missing: string) => ({
    array,
    isThere,
    sentence: isThere ? there : missing,
  });
  switch (array) {
    case "probabilities":
      return is(
        facts.hasPredictions,
        "Predictions of the active model are there.",
        "No model has been trained yet: predictions come with the first one.",
      );
    case "embeddings":
      return is(
        facts.hasVectors,
        `Vectors of ${facts.embeddingDim} numbers are there.`,
        "No vectors yet: they are computed after the first import.",
      );
    case "labels":
      return is(true, `${facts.nLabels} labelled items are there.`, "");
    case "state":
      return is(true, "Its memory of earlier rounds is kept by itself.", "");
    case "head":
      return describeHead(facts, project.activeFeatureVersion);
    case "posterior":
      return is(
        false,
        "",
        "Draws of several models are not made here. Where the strategy offers it, let it fit heads to reweighted labels instead.",
      );
    default:
      return is(false, "", `This project has no ${array === "costs" ? "labelling costs" : "groups"} of items.`);
  }
}

function describeHead(facts: PoolFactsRow, activeFeatureVersion: number | null): GuidanceArray {
  const array = "head";
  const missing = (sentence: string) => ({ array, isThere: false, sentence });
  if (facts.modelTrainer === null)
    return missing("No model has been trained yet: its last layer comes with the first one.");
  if (!facts.hasModelFile || !hasHead(facts.modelTrainer)) {
    return missing("The active model does not show a linear last layer; logistic regression and the networks do.");
  }
  if (facts.modelFeatures !== activeFeatureVersion || !facts.hasVectors) {
    return missing("The active model was trained on other vectors than the project has now; train again.");
  }
  const reads = facts.modelTrainer === "softmax" ? "the standardised vectors" : "its last hidden layer";
  return { array, isThere: true, sentence: `The active model's last layer is there; it reads ${reads}.` };
}
