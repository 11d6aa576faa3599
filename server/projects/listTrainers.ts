import { z } from "zod";
import type { TaskKind } from "../models";
import { TRAINERS } from "../models";

/** A trainer as data: what forms show. */
export interface TrainerView {
  id: string;
  title: string;
  description: string;
  taskKinds: readonly TaskKind[];
  /** JSON Schema of the options, with their defaults. */
  options: Record<string, unknown>;
}

/** Every registered trainer. */
export function listTrainers(): TrainerView[] {
  return TRAINERS.map(({ id, title, description, taskKinds, optionsSchema }) => ({
    id,
    title,
    description,
    taskKinds,
    options: z.toJSONSchema(optionsSchema, { io: "input", unrepresentable: "any" }) as Record<string, unknown>,
  }));
}
