import type { ImportRunView } from "@/contracts/ingestion";
import { appendAuditLog } from "../audit";
import { withTransaction } from "../db";
import { cancelJob, notifyProject } from "../jobs";
import { getImport, importNotFound } from "./getImport";
import { endImportRun, lockImportRun } from "./imports.db";
import type { IngestContext } from "./ingestContext";

/**
 * Stops an import. One that has not begun ends at once; a running one ends after the batch it is writing. Items taken
 * before stay. An import that has ended is left as it is.
 */
export async function cancelImport(ctx: IngestContext, input: { number: number }): Promise<ImportRunView> {
  const { db, clock, actor, project } = ctx;
  await withTransaction(db, async (tx) => {
    const run = await lockImportRun(tx, project.id, input.number);
    if (!run) throw importNotFound(input.number);
    if (run.state !== "queued" && run.state !== "running") return;
    const now = clock.now();
    const outcome = run.jobRunId === null ? "notLive" : await cancelJob(tx, clock, project.id, run.jobRunId);
    if (outcome !== "stopping") {
      await endImportRun(tx, project.id, input.number, { state: "cancelled", message: "Cancelled.", now });
    }
    await appendAuditLog(tx, { actor, projectId: project.id, action: "imports.cancel", target: input.number, at: now });
    await notifyProject(tx, project.id, "imports");
  });
  return getImport(ctx, input);
}
