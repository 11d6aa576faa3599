import type { ProjectCreation } from "@/contracts/project";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import type { Clock } from "../clock";
import type { Db, Pool } from "../db";
import { withTransaction } from "../db";
import { selectProjectCreation, upsertProjectCreation } from "./projects.db";

/** Who may make projects on this instance, and whether the caller is one of them. */
export async function readProjectCreation({
  db,
  actor,
}: {
  db: Db;
  actor: Actor;
}): Promise<{ who: ProjectCreation; mayCreate: boolean }> {
  const who = await selectProjectCreation(db);
  const isAdministrator = actor.kind === "user" && actor.role === "administrator";
  return { who, mayCreate: isAdministrator || (actor.kind === "user" && who === "everyone") };
}

/** Changes who may make projects. Writes the audit log; repeating it changes nothing. Projects that exist stay. */
export async function setProjectCreation(
  { db, clock, actor }: { db: Pool; clock: Clock; actor: Actor },
  { who }: { who: ProjectCreation },
): Promise<{ who: ProjectCreation }> {
  return withTransaction(db, async (tx) => {
    const before = await selectProjectCreation(tx);
    if (before === who) return { who };
    const at = clock.now();
    await upsertProjectCreation(tx, who, at);
    await appendAuditLog(tx, {
      actor,
      projectId: null,
      action: "project.setCreation",
      target: null,
      details: { from: before, to: who },
      at,
    });
    return { who };
  });
}
