import type { PreviewResult, PreviewView } from "@/contracts/acquisition";
import type { Db } from "@/server/db";
import { AppError } from "@/server/errors";
import { readJobRun } from "@/server/jobs";
import { wordNotice } from "./wordNotice";

/** How far a preview is, and what it found. @throws AppError E_NOT_FOUND. */
export async function readPreview(db: Db, projectId: number, jobRunId: string): Promise<PreviewView> {
  const run = await readJobRun({ db }, { projectId, id: jobRunId });
  if (run.kind !== "acquisition.preview") {
    throw new AppError("E_NOT_FOUND", "This job is no preview of a strategy.");
  }
  const result = run.state === "succeeded" ? (run.result as PreviewResult) : null;
  return {
    ...{ state: run.state, progressDone: run.progressDone, progressTotal: run.progressTotal, message: run.message },
    error: run.error?.message ?? null,
    result: result && { ...result, warnings: result.notices.map(wordNotice) },
  };
}
