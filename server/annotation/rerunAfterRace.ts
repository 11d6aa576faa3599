import { AppError } from "../errors";

const UNIQUE_VIOLATION = "23505";
const TRIES_MAX = 3;

/**
 * Unique indexes at which two calls of one person can meet: the same submission sent twice at once for two items, and a
 * claim that takes an opinion on the very item that a late answer is closing another opinion of.
 */
const OWN_RACES = new Set(["annotation_project_id_submission_id_key", "queue_entry_one_per_person"]);

/** The project's labels were changed between the check of an answer and its writing. */
export class ConfigChanged extends AppError {
  constructor() {
    super("E_UNAVAILABLE", "The project's labels were changed at this very moment. Send it again.");
  }
}

function isOwnRace(error: unknown): boolean {
  if (error instanceof ConfigChanged) return true;
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === UNIQUE_VIOLATION && typeof constraint === "string" && OWN_RACES.has(constraint);
}

/**
 * Runs a whole transaction again when it lost a race against another call of the same person, or against a change of the
 * labels: it then sees what that did. `run` is told what the try before met.
 */
export async function rerunAfterRace<T>(run: (last?: unknown) => Promise<T>): Promise<T> {
  let last: unknown;
  for (let n = 1; ; n++) {
    try {
      return await run(last);
    } catch (error) {
      if (n >= TRIES_MAX || !isOwnRace(error)) throw error;
      last = error;
    }
  }
}
