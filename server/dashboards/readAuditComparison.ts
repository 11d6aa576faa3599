import type { AuditComparisonView } from "@/contracts/acquisition";
import type { Db } from "@/server/db";
import { readPredictedClasses } from "@/server/evaluation";
import type { BlobStore } from "@/server/storage";
import { readTask } from "./dashboards.db";
import { measuredShare } from "./statistics";
import type { PurposeTallyRow } from "./strategyPages.db";
import { readJudgedLabels, readVersionClasses, tallyByPurpose } from "./strategyPages.db";
import type { TaskClasses } from "./taskClasses";
import { taskClasses } from "./taskClasses";

/** Model versions whose answers are compared with labels: the newest. */
const VERSIONS_MAX = 20;

interface DashboardContext {
  db: Db;
  storage: BlobStore;
}

/**
 * What the strategy's own picks brought beside the random audits of the same rounds: labels of each class, and how often
 * people contradicted the model that ranked the round. Both samples are of different make by design; what counts is where
 * they differ.
 */
export async function readAuditComparison(
  context: DashboardContext,
  projectId: number,
): Promise<AuditComparisonView | null> {
  const task = await readTask(context.db, projectId);
  if (!task) return null;
  const titles = taskClasses(task);
  const tallies = await tallyByPurpose(context.db, projectId);
  const of = (purpose: PurposeTallyRow["purpose"]) => {
    const rows = tallies.filter((row) => row.purpose === purpose);
    return { rows, n: rows.reduce((total, row) => total + row.n, 0) };
  };
  const [strategy, audit] = [of("train"), of("audit")];
  const measure = ({ rows, n }: typeof strategy, id: string, sample: string) =>
    measuredShare(
      rows.reduce((sum, row) => sum + (titles.classesOf(row.value).includes(id) ? row.n : 0), 0),
      n,
      sample,
    );
  const judged = await judgeLabels(context, projectId, titles);
  return {
    nStrategy: strategy.n,
    nAudit: audit.n,
    classes: titles.ids.map((id) => ({
      title: titles.titleOf(id),
      strategy: measure(strategy, id, "picks of the strategy"),
      audit: measure(audit, id, "audit"),
    })),
    modelError: {
      strategy: measuredShare(judged.train.wrong, judged.train.n, "picks of the strategy"),
      audit: measuredShare(judged.audit.wrong, judged.audit.n, "audit"),
    },
  };
}

/** How many labels the model that ranked the round had an answer for, and how many differ from it. */
async function judgeLabels(context: DashboardContext, projectId: number, titles: TaskClasses) {
  const judged = { train: { n: 0, wrong: 0 }, audit: { n: 0, wrong: 0 } };
  const labels = await readJudgedLabels(context.db, projectId, VERSIONS_MAX);
  const nRows = labels.reduce((most, { row }) => Math.max(most, row + 1), 0);
  for (const version of new Set(labels.map((label) => label.version))) {
    const classes = await readVersionClasses(context.db, projectId, version);
    const predicted = await readPredictedClasses(context, projectId, version, nRows);
    for (const label of labels) {
      const answer = classes[predicted[label.row]];
      if (label.version !== version || answer === undefined) continue;
      judged[label.purpose].n++;
      if (!titles.classesOf(label.value).includes(answer)) judged[label.purpose].wrong++;
    }
  }
  return judged;
}
