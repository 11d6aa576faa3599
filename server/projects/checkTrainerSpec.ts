import type { TrainerSpec } from "@/contracts/project";
import type { TaskType } from "@/task-types/registry";

export function checkTrainerSpec(_taskType: TaskType, spec: TrainerSpec): TrainerSpec {
  return spec;
}
