import { appendAuditLog } from "@/server/audit";
import type { Actor } from "@/server/auth";
import { userIdOf } from "@/server/auth";
import type { Clock } from "@/server/clock";
import type { Pool } from "@/server/db";
import { withTransaction } from "@/server/db";
import { AppError } from "@/server/errors";
import { requestJob } from "@/server/jobs";
import { readDemoProject } from "./demo.db";

export interface SimulationInput {
  projectId: number;
  annotators: number;
  speed: "human" | "full";
  errorRate: number;
  maxLabels: number;
}

/** Asks for simulated annotators on a demonstration project. While some are at work, returns their job. */
export async function requestSimulation(
  { db, clock, actor }: { db: Pool; clock: Clock; actor: Actor },
  input: SimulationInput,
): Promise<{ jobRunId: string }> {
  const project = await readDemoProject(db, input.projectId);
  if (!project?.demo) {
    throw new AppError(
      "E_PRECONDITION",
      "Only demonstration projects can be answered by simulated annotators: they alone know the labels. Make one from the start page.",
    );
  }
  return withTransaction(db, async (tx) => {
    const { jobRunId, isNew } = await requestJob(tx, clock, {
      kind: "demo.simulate",
      payload: { ...input, seed: project.seed },
      requestedBy: userIdOf(actor) ?? undefined,
    });
    if (isNew) {
      const { projectId, ...details } = input;
      await appendAuditLog(tx, { actor, projectId, action: "demo.simulate", details, at: clock.now() });
    }
    return { jobRunId };
  });
}
