import type { Actor } from "../auth";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import type { ProjectRow } from "../projects";
import type { BlobStore } from "../storage";

/** What the services of the data browser are given. */
export interface ItemsContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  actor: Actor;
  project: ProjectRow;
}
