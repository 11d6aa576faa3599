import type { z } from "zod";
import type { ContentKind, FeatureSpec, ProjectStrategy, strategyRef } from "@/contracts/project";
import type { StrategyError, TaskKind } from "@/strategies";
import { completeOptions, registry, StrategyError as StrategyErrorClass } from "@/strategies";
import type { TaskType } from "@/task-types/registry";
import { findTaskType, listTaskTypes } from "@/task-types/registry";
import { AppError } from "../errors";

function refuse(field: string, message: string): AppError {
  return new AppError("E_BAD_INPUT", `${field}: ${message}`, { details: { field } });
}

/** The task type, or E_BAD_INPUT with the known ones. */
export function checkTaskType(id: string): TaskType {
  const found = findTaskType(id);
  if (found) return found;
  const known = listTaskTypes().map((t) => t.id);
  throw refuse("taskType", `there is no task type "${id}"; known ones: ${known.join(", ")}.`);
}

/** The configuration as its task type reads it, with defaults filled in. */
export function checkTaskConfig(taskType: TaskType, config: unknown): unknown {
  const parsed = taskType.configSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const more = parsed.error.issues.length > 1 ? ` (and ${parsed.error.issues.length - 1} more)` : "";
  throw refuse(["taskConfig", ...first.path.map(String)].join("."), `${first.message}${more}`);
}

const TASK_KIND: Record<TaskType["target"], TaskKind> = {
  classes: "single-label",
  multiLabel: "multi-label",
  number: "regression",
};

function checkStrategyRef(field: string, ref: z.infer<typeof strategyRef>, kind: TaskKind) {
  const strategy = registry.strategies.find((s) => s.id === ref.id);
  if (!strategy) {
    const known = registry.strategies.map((s) => s.id);
    throw refuse(`${field}.id`, `there is no strategy "${ref.id}"; known ones: ${known.join(", ")}.`);
  }
  if (!strategy.taskKinds.includes(kind)) {
    throw refuse(`${field}.id`, `strategy "${ref.id}" does not work for ${kind} projects.`);
  }
  try {
    return { id: ref.id, options: completeOptions(strategy, ref.options, `${field}.options`) };
  } catch (error) {
    if (!(error instanceof StrategyErrorClass)) throw error;
    throw optionError(`${field}.options`, error);
  }
}

function optionError(field: string, error: StrategyError): AppError {
  return new AppError("E_BAD_INPUT", error.message, { details: { field }, cause: error });
}

/** The strategy with every option filled in, so that a later change of a default does not change a running project. */
export function checkStrategy(taskType: TaskType, strategy: ProjectStrategy): ProjectStrategy {
  const kind = TASK_KIND[taskType.target];
  return {
    ...strategy,
    main: checkStrategyRef("strategy.main", strategy.main, kind),
    coldStart: checkStrategyRef("strategy.coldStart", strategy.coldStart, kind),
  };
}

/** Names below the instance's model folder: no way up, no other root, nothing that a file system reads otherwise. */
const INSIDE_FOLDER = /^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\\:\p{Cc}]+$/u;

/** Refuses features that the project's items cannot have. */
export function checkFeatureSpec(contentKind: ContentKind, spec: FeatureSpec): FeatureSpec {
  if (spec.kind === "record") {
    if (contentKind !== "record") throw refuse("featureSpec.kind", "column features need items that are records.");
    if (spec.numeric.length + spec.categorical.length === 0) {
      throw refuse("featureSpec", "expected at least one numeric or categorical column.");
    }
  }
  if (spec.kind === "onnx" && !INSIDE_FOLDER.test(spec.path)) {
    throw refuse("featureSpec.path", `expected the name of a folder inside the model folder, got "${spec.path}".`);
  }
  if (spec.kind === "text" && spec.charNgrams[0] > spec.charNgrams[1]) {
    throw refuse("featureSpec.charNgrams", `expected from ≤ to, got ${spec.charNgrams.join(" to ")}.`);
  }
  return spec;
}
