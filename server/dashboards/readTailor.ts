import type { TailorPageView } from "@/contracts/acquisition";
import type { Db } from "@/server/db";
import { describeTailor } from "@/strategies";
import { readTask } from "./dashboards.db";
import { readNewestState } from "./strategyPages.db";
import { taskClasses } from "./taskClasses";

/** TAILOR's memory of a project, from the newest round that it served; null before the first. */
export async function readTailor(db: Db, projectId: number): Promise<TailorPageView | null> {
  const [stored, task] = await Promise.all([readNewestState(db, projectId, "tailor"), readTask(db, projectId)]);
  if (!stored || !task) return null;
  const titles = taskClasses(task);
  const view = describeTailor(stored.entry, titles.isMultiLabel ? "multi-label" : "single-label");
  if (!view) return null;
  const ids = stored.classes ?? titles.ids;
  const classes = view.weights.map((_, k) => titles.titleOf(ids[k] ?? String(k + 1)));
  return {
    round: stored.number,
    tailorRound: view.round,
    classes,
    ...{ weights: [...view.weights], classCounts: [...view.classCounts] },
    ...{ labelled: view.labelled, settled: view.settled, waiting: view.waiting },
    arms: view.arms.map((arm) => ({
      ...{ id: arm.id, strategy: arm.strategy, isActive: arm.isActive, best: arm.best },
      classTitle: arm.class === null ? null : (classes[arm.class] ?? null),
      expectedReward: arm.expectedReward,
      ...{ pulls: arm.totals.pulls, credits: arm.totals.credits },
      ...{ skipped: arm.totals.skipped, withdrawn: arm.totals.withdrawn },
      cells: arm.classes.map(({ mean, interval, effective }) => ({
        ...{ mean, effective },
        low: interval?.low ?? null,
        high: interval?.high ?? null,
      })),
      yieldPer100: arm.yieldPer100 && [...arm.yieldPer100],
    })),
    rounds: view.rounds.map(({ round, arms }) => ({
      round,
      arms: arms.map(({ id, best, pulls, skipped }) => ({ id, best, pulls, skipped })),
    })),
  };
}
