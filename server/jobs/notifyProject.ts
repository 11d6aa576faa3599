import type { ProjectEvent, Topic } from "@/contracts/events";
import type { Db } from "../db";

/** Channel of what changed in which project. */
export const PROJECT_CHANNEL = "winnow";

/**
 * Tells every live page of a project that something of this topic changed. Inside a transaction it is delivered at commit
 * and not at all after a roll-back; several calls with the same topic in one transaction are delivered once.
 */
export async function notifyProject(db: Db, projectId: number, topic: Topic): Promise<void> {
  const event: ProjectEvent = { projectId, topic };
  await db.query("select pg_notify($1, $2)", [PROJECT_CHANNEL, JSON.stringify(event)]);
}
