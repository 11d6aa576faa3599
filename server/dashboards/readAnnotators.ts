import type { AnnotatorRow } from "@/contracts/dashboards";
import type { Clock } from "@/server/clock";
import type { Db } from "@/server/db";
import { getTaskType } from "@/task-types/registry";
import type { SharedLabelRow } from "./dashboards.db";
import { readAnnotators as readRows, readSharedLabels, readTask } from "./dashboards.db";
import { measuredShare } from "./statistics";

/** Shared items looked at for agreement, the latest ones. */
const SHARED_ITEMS = 5_000;

/** One row per person who works or worked here: pace, skips, undone and late labels, agreement with others. */
export async function readAnnotators(
  { db, clock }: { db: Db; clock: Clock },
  projectId: number,
): Promise<AnnotatorRow[]> {
  const [people, shared, task] = await Promise.all([
    readRows(db, projectId, clock.now()),
    readSharedLabels(db, projectId, SHARED_ITEMS),
    readTask(db, projectId),
  ]);
  if (!task) return [];
  const type = getTaskType(task.task_type);
  const agreement = pairAgreement(shared, (a, b) => type.agreement(task.task_config, a, b));
  return people.map((p) => {
    const mine = agreement.get(p.user_id);
    return {
      userId: p.user_id,
      name: p.name,
      isSimulated: p.is_simulated,
      role: p.role ?? "left the project",
      labels: p.labels,
      skips: p.skips,
      undone: p.undone,
      late: p.late,
      medianSeconds: p.median_ms === null ? null : p.median_ms / 1000,
      agreement: mine ? measuredShare(mine.agreeing, mine.pairs, "items labelled by several people") : null,
      acceptedSuggestions: measuredShare(p.accepted, p.shown, "labels given with a suggestion in sight"),
      lastAt: p.last_at?.toISOString() ?? null,
      holds: p.holds,
      frozen: p.frozen_at !== null,
    };
  });
}

/** For each person: pairs of opinions with someone else on the same item, and the summed agreement of those pairs. */
export function pairAgreement(
  labels: SharedLabelRow[],
  agree: (a: unknown, b: unknown) => number,
): Map<string, { pairs: number; agreeing: number }> {
  // Map.groupBy is missing on Node 20.
  const byRow = groupByRow(labels);
  const totals = new Map<string, { pairs: number; agreeing: number }>();
  for (const opinions of byRow.values()) {
    for (const a of opinions) {
      for (const b of opinions) {
        if (a.annotator_id === b.annotator_id) continue;
        const total = totals.get(a.annotator_id) ?? { pairs: 0, agreeing: 0 };
        total.pairs += 1;
        total.agreeing += agree(a.value, b.value);
        totals.set(a.annotator_id, total);
      }
    }
  }
  return totals;
}

function groupByRow(labels: SharedLabelRow[]): Map<number, SharedLabelRow[]> {
  const groups = new Map<number, SharedLabelRow[]>();
  for (const label of labels) {
    const group = groups.get(label.row);
    if (group) group.push(label);
    else groups.set(label.row, [label]);
  }
  return groups;
}
