import type { ProjectRole } from "@/contracts/permissions";
import type { Actor } from "../auth";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";
import type { BlobStore } from "../storage";

/** What the services of the queue and of annotation are given. */
export interface QueueContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  actor: Actor;
  project: ProjectRow;
  /** The caller's role here; absent: an annotator's. */
  role?: ProjectRole | null;
  /** Since when a lead has frozen this member; null or absent: not frozen. */
  frozenAt?: Date | null;
}

/** The person who labels. Keys and the instance itself hold no leases. */
export function requireAnnotator(actor: Actor): string {
  if (actor.kind === "user") return actor.id;
  throw new AppError("E_FORBIDDEN", "Only a signed-in person can claim and label items; an API key cannot.");
}

/** The UTC day of a moment, yyyy-mm-dd. */
export function utcDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}
