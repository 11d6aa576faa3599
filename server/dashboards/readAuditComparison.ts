import type { AuditComparisonView } from "@/contracts/acquisition";
import type { Db } from "@/server/db";
import { readTask } from "./dashboards.db";
import { measuredShare } from "./statistics";
import type { PurposeTallyRow } from "./strategyPages.db";
import { tallyByPurpose } from "./strategyPages.db";
import { taskClasses } from "./taskClasses";

/**
 * What the strategy's own picks brought beside the random audits of the same rounds: labels of each class, and how often
 * people contradicted the model that was at hand. Both samples are of different make by design; what counts is where they
 * differ.
 */
export async function readAuditComparison(db: Db, projectId: number): Promise<AuditComparisonView | null> {
  const task = await readTask(db, projectId);
  if (!task) return null;
  const titles = taskClasses(task);
  const tallies = await tallyByPurpose(db, projectId);
  const of = (purpose: PurposeTallyRow["purpose"]) => {
    const rows = tallies.filter((row) => row.purpose === purpose);
    const sum = (key: "n" | "nSuggested" | "nDiffering") => rows.reduce((total, row) => total + row[key], 0);
    return { rows, n: sum("n"), nSuggested: sum("nSuggested"), nDiffering: sum("nDiffering") };
  };
  const [strategy, audit] = [of("train"), of("audit")];
  const measure = ({ rows, n }: typeof strategy, id: string, sample: string) =>
    measuredShare(
      rows.reduce((sum, row) => sum + (titles.classesOf(row.value).includes(id) ? row.n : 0), 0),
      n,
      sample,
    );
  return {
    nStrategy: strategy.n,
    nAudit: audit.n,
    classes: titles.ids.map((id) => ({
      title: titles.titleOf(id),
      strategy: measure(strategy, id, "picks of the strategy"),
      audit: measure(audit, id, "audit"),
    })),
    modelError: {
      strategy: measuredShare(strategy.nDiffering, strategy.nSuggested, "picks of the strategy"),
      audit: measuredShare(audit.nDiffering, audit.nSuggested, "audit"),
    },
  };
}
