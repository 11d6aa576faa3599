import type { ClassBalanceRow } from "@/contracts/dashboards";
import type { Db } from "@/server/db";
import { getTaskType } from "@/task-types/registry";
import { readPredictedShares, readTask } from "./dashboards.db";
import { readLabelTally } from "./labelTally";
import { measuredShare } from "./statistics";

/** Labels per class, the unbiased share of each class by the audit sample, and what the model expects in the pool. */
export async function readClassBalance(db: Db, projectId: number): Promise<ClassBalanceRow[]> {
  const [task, tally, predicted] = await Promise.all([
    readTask(db, projectId),
    readLabelTally(db, projectId),
    readPredictedShares(db, projectId),
  ]);
  if (!task) return [];
  const type = getTaskType(task.task_type);
  const classes = type.classes(task.task_config);
  const labels = new Array<number>(classes.length).fill(0);
  const audit = new Array<number>(classes.length).fill(0);
  for (const count of tally.counts.values()) {
    const index = type.classIndex(task.task_config, count.value);
    if (index === undefined) continue;
    labels[index] += count.labels;
    audit[index] += count.audit;
  }
  const nLabels = labels.reduce((a, b) => a + b, 0);
  const nAudit = audit.reduce((a, b) => a + b, 0);
  return classes.map((c, i) => ({
    label: c.id,
    title: c.title,
    labels: labels[i],
    share: nLabels === 0 ? 0 : labels[i] / nLabels,
    auditShare: measuredShare(audit[i], nAudit, "audit"),
    predictedShare: predicted?.[i] ?? null,
  }));
}
