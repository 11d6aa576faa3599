import type { Actor } from "../auth";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import type { ProjectRow } from "../projects";

/** What the services of exporting are given. */
export interface ExportContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
  project: ProjectRow;
}
