const UNIQUE_VIOLATION = "23505";
const TRIES_MAX = 3;

/**
 * Unique indexes at which two calls of one person can meet: the same submission sent twice at once for two items, and a
 * claim that takes an opinion on the very item that a late answer is closing another opinion of.
 */
const OWN_RACES = new Set(["annotation_project_id_submission_id_key", "queue_entry_one_per_person"]);

function isOwnRace(error: unknown): boolean {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === UNIQUE_VIOLATION && typeof constraint === "string" && OWN_RACES.has(constraint);
}

/** Runs a whole transaction again when it lost a race against another call of the same person: it then sees that call. */
export async function rerunAfterRace<T>(run: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await run();
    } catch (error) {
      if (n >= TRIES_MAX || !isOwnRace(error)) throw error;
    }
  }
}
