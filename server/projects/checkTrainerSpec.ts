import type { TrainerSpec } from "@/contracts/project";
import type { TaskType } from "@/task-types/registry";
import { AppError } from "../errors";
import { TRAINERS } from "../models";

function refuse(field: string, message: string): AppError {
  return new AppError("E_BAD_INPUT", `${field}: ${message}`, { details: { field } });
}

/** The trainer with every option filled in, so that a later change of a default does not change a running project. */
export function checkTrainerSpec(taskType: TaskType, spec: TrainerSpec): TrainerSpec {
  const trainer = TRAINERS.find((t) => t.id === spec.id);
  if (!trainer) {
    throw refuse(
      "trainerSpec.id",
      `there is no trainer "${spec.id}"; known ones: ${TRAINERS.map((t) => t.id).join(", ")}.`,
    );
  }
  if (!trainer.taskKinds.includes(taskType.target)) {
    throw refuse("trainerSpec.id", `trainer "${spec.id}" cannot learn what "${taskType.id}" projects ask.`);
  }
  const parsed = trainer.optionsSchema.safeParse(spec.options);
  if (parsed.success) return { ...spec, options: parsed.data as Record<string, unknown> };
  const [first] = parsed.error.issues;
  throw refuse(["trainerSpec.options", ...first.path.map(String)].join("."), first.message);
}
