const UNIQUE_VIOLATION = "23505";
const SUBMISSION_INDEX = "annotation_project_id_submission_id_key";

/** Whether PostgreSQL refused a second annotation under one submission id. */
export function isSubmissionTaken(error: unknown): boolean {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === UNIQUE_VIOLATION && constraint === SUBMISSION_INDEX;
}
