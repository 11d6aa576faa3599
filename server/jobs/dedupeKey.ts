import type { JobName, JobPayload } from "@/contracts/jobs";

type KeyOf<N extends JobName> = (payload: JobPayload<N>) => string;

/**
 * What may run side by side within a project: runs of one kind with different keys. A kind without a line here has at
 * most one live run per project.
 */
const KEYS: { [N in JobName]?: KeyOf<N> } = {
  "ingestion.run": (payload) => String(payload.importRun),
  "prediction.predict": (payload) => String(payload.modelVersion),
  "prediction.assemble": (payload) => payload.name,
};

export function dedupeKey<N extends JobName>(kind: N, payload: JobPayload<N>): string {
  return KEYS[kind]?.(payload) ?? "";
}
