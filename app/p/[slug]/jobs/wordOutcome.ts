import { countOf, formatSeconds } from "@/app/_ui/format";
import type { JobRunView } from "@/contracts/jobs";

type Result = Record<string, unknown>;

/** Why a training did not train. */
const SKIPPED: Record<string, string> = {
  noFeatures: "nothing trained: no vectors yet",
  notDue: "nothing trained: not due yet",
  tooFewLabels: "nothing trained: too few labels",
  oneClass: "nothing trained: labels of one class only",
  unchanged: "nothing trained: no new labels",
};

/** What a job said last, or what came of it once it is done: one line, with how long it took. Empty when there is nothing to say. */
export function wordOutcome(job: JobRunView): string {
  if (job.state !== "succeeded") return job.message;
  const outcome = outcomeOf(job) ?? "";
  const took = job.startedAt && job.finishedAt ? (Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1000 : null;
  return [outcome, took === null ? "" : `took ${formatSeconds(took)}`].filter(Boolean).join(" · ");
}

function outcomeOf({ kind, result, message }: JobRunView): string | null {
  const r = (typeof result === "object" && result !== null ? result : {}) as Result;
  switch (kind) {
    case "training.retrain":
      if (r.skipped === "oneClass" && typeof r.message === "string") return `nothing trained: ${r.message}`;
      if (typeof r.skipped === "string") return SKIPPED[r.skipped] ?? r.skipped;
      if (typeof r.version !== "number") return null;
      return `version ${r.version} on ${countOf(numberOf(r.nTrain), "label")}${r.isActive === false ? ", not put to use" : ""}`;
    case "queue.refill": {
      const rounds = listOf(r.rounds);
      const last = rounds.at(-1);
      return last
        ? `${countOf(numberOf(last.nPicked), "item")} chosen in round ${numberOf(last.number)}`
        : "nothing to do";
    }
    case "features.build": {
      const nRows = listOf(r.steps).reduce((sum, step) => sum + numberOf(step.nRows), 0);
      return nRows === 0 ? "up to date" : `vectors for ${countOf(nRows, "item")}`;
    }
    case "evaluation.measure":
      return numberOf(r.points) === 0 ? "no news" : countOf(numberOf(r.points), "new measurement");
    case "items.index":
      return null;
    default:
      return message === "" ? null : message;
  }
}

function listOf(value: unknown): Result[] {
  return Array.isArray(value) ? (value as Result[]) : [];
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
