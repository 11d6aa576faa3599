import type { RoundRow } from "@/contracts/dashboards";
import type { Db } from "@/server/db";
import type { RoundDbRow } from "./dashboards.db";
import { readRounds as readRows } from "./dashboards.db";
import { secondsBetween } from "./readOverview";
import { wordNotice } from "./wordNotice";

/** Rounds, newest first, a page at a time; the cursor is the last round number shown. */
export async function readRounds(
  db: Db,
  projectId: number,
  page: { cursor?: number; limit: number },
): Promise<{ rows: RoundRow[]; nextCursor: number | null }> {
  const found = await readRows(db, projectId, page.cursor ?? 2 ** 31 - 1, page.limit + 1);
  const rows = found.slice(0, page.limit);
  return { rows: rows.map(toView), nextCursor: found.length > page.limit ? rows[rows.length - 1].number : null };
}

function toView(r: RoundDbRow): RoundRow {
  const hasScores = r.score_min !== null && r.score_median !== null && r.score_max !== null;
  return {
    number: r.number,
    generation: r.generation,
    strategy: r.strategy ?? "none",
    trigger: r.trigger,
    status: r.status,
    nCandidates: r.n_candidates,
    nPicked: r.n_picked,
    nFallback: r.n_fallback,
    nServed: r.n_served ?? 0,
    nLabelled: r.n_labelled ?? 0,
    score: hasScores
      ? { min: r.score_min as number, median: r.score_median as number, max: r.score_max as number }
      : null,
    modelVersion: r.model_version,
    durationMs: r.duration_ms,
    secondsFromLabel: secondsBetween(r.triggered_at, r.finished_at),
    finishedAt: r.finished_at.toISOString(),
    warnings: Array.isArray(r.report?.warnings) ? r.report.warnings.map(wordNotice) : [],
  };
}
