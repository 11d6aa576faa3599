import type { Measured, OverviewView } from "@/contracts/dashboards";
import type { JobName } from "@/contracts/jobs";
import { JOB_TITLES } from "@/contracts/jobs";
import { HOUR_MS } from "@/contracts/limits";
import type { Clock } from "@/server/clock";
import type { Db } from "@/server/db";
import { loadProject } from "@/server/projects";
import { readTrainingLabels } from "@/server/training";
import type { ActiveModelRow, MetricRow, RoundDbRow, TaskRow, TotalsRow } from "./dashboards.db";
import {
  readActiveModel,
  readFailedJobs,
  readLatestMetrics,
  readOneClass,
  readPace,
  readQueueCounts,
  readRounds,
  readTask,
  readTotals,
} from "./dashboards.db";
import { wordNotice } from "./wordNotice";

/** Labels since the last model version beyond which the page warns that the queue is ranked by old beliefs. */
const STALE_LABELS = 200;
const FAILED_JOB_WINDOW_MS = 24 * HOUR_MS;

/**
 * The first screen of a project in numbers. Reads running totals and indexes only: its cost does not grow with the pool.
 */
export async function readOverview({ db, clock }: { db: Db; clock: Clock }, projectId: number): Promise<OverviewView> {
  const now = clock.now();
  const [totals, queue, pace, model, rounds, task, accuracies, failed, oneClass] = await Promise.all([
    readTotals(db, projectId),
    readQueueCounts(db, projectId),
    readPace(db, projectId, now),
    readActiveModel(db, projectId),
    readRounds(db, projectId, 2 ** 31 - 1, 1),
    readTask(db, projectId),
    readLatestMetrics(db, projectId, "accuracy", "audit"),
    readFailedJobs(db, projectId, new Date(now.getTime() - FAILED_JOB_WINDOW_MS)),
    readOneClass(db, projectId),
  ]);
  const mainStrategy = await readMainStrategy(db, projectId, totals);
  const accuracy = model ? accuracies.find((m) => m.model_version === model.version) : undefined;
  const round = rounds[0];
  const itemsLeft = Math.max(0, totals.n_items - totals.n_resolved);
  return {
    nItems: totals.n_items,
    nResolved: totals.n_resolved,
    nLabels: totals.n_labels,
    nSkips: totals.n_skips,
    nOpenFlags: totals.n_open_flags,
    nAuditLabels: totals.n_audit_labels,
    nDuplicates: totals.n_duplicates,
    queueOpen: queue.open,
    queueLeased: queue.leased,
    activeAnnotators: pace.annotators,
    labelsLastHour: pace.labels_hour,
    labelsToday: pace.labels_today,
    medianSeconds: pace.median_ms === null ? null : pace.median_ms / 1000,
    hoursLeft: pace.labels_hour > 0 ? itemsLeft / pace.labels_hour : null,
    model: model && {
      version: model.version,
      trainer: model.trainer,
      backend: model.backend,
      nTrain: model.n_train,
      staleness: model.labels_since,
      readyAt: model.ready_at?.toISOString() ?? null,
    },
    accuracy: accuracy ? toMeasured(accuracy) : null,
    mainStrategy,
    lastRefill: round
      ? {
          round: round.number,
          trigger: round.trigger,
          secondsFromLabel: secondsBetween(round.triggered_at, round.finished_at),
          finishedAt: round.finished_at.toISOString(),
        }
      : null,
    warnings: listWarnings({
      totals,
      itemsLeft,
      queue,
      model,
      round,
      task,
      failed,
      // Said of the training that found it, until a label of another class comes.
      oneClass: mainStrategy.nClasses < 2 ? oneClass : null,
    }),
  };
}

/** Labels beyond which nobody waits for a main strategy, so that they are told from the totals alone. */
const COUNTED_LABELS_MAX = 20_000;

async function readMainStrategy(db: Db, projectId: number, totals: TotalsRow): Promise<OverviewView["mainStrategy"]> {
  const project = await loadProject(db, projectId);
  const { main, minLabels, minClasses } = project.strategy;
  const target = { id: main.id, minLabels, minClasses };
  if (totals.n_labels > COUNTED_LABELS_MAX) {
    return { ...target, nTraining: totals.n_labels - totals.n_audit_labels, nClasses: minClasses };
  }
  // The same reading as a round's, so that both agree on when it is due.
  const labels = await readTrainingLabels(db, project, totals.label_seq);
  const classes = new Set(labels.map((label) => label.classIndex));
  return { ...target, nTraining: labels.length, nClasses: classes.size };
}

/** What a lead should know before reading the numbers, the gravest first. */
function listWarnings(facts: {
  totals: TotalsRow;
  itemsLeft: number;
  queue: { open: number };
  model: ActiveModelRow | null;
  round: RoundDbRow | undefined;
  task: TaskRow | null;
  failed: Awaited<ReturnType<typeof readFailedJobs>>;
  oneClass: string | null;
}): OverviewView["warnings"] {
  const { totals, itemsLeft, queue, model, round, task, failed, oneClass } = facts;
  const warnings: OverviewView["warnings"] = [];
  if (task?.status === "paused") warnings.push(warn("paused", "The project is paused: nobody is served.", null));
  for (const { kind, error } of failed) {
    const title = JOB_TITLES[kind as JobName] ?? kind;
    warnings.push(warn("jobFailed", `${title} failed: ${error?.message ?? "no message"}`, "jobs"));
  }
  if (totals.n_items > 0 && queue.open === 0 && itemsLeft > 0 && task?.status === "active") {
    warnings.push(warn("emptyQueue", "The queue is empty although items are left to label.", "jobs"));
  }
  if (oneClass !== null) warnings.push(warn("oneClass", oneClass, "jobs"));
  if (task?.pinned_model_version != null) {
    const message = `Model version ${task.pinned_model_version} is pinned: newer versions are trained but not used.`;
    warnings.push(warn("pinned", message, "models"));
  }
  if (model && model.labels_since > STALE_LABELS) {
    warnings.push(warn("stale", `The model has not seen the last ${model.labels_since} labels.`, "models"));
  }
  if (round && round.n_fallback > 0) {
    const message = `${round.n_fallback} of ${round.n_picked} items of round ${round.number} were chosen by a fallback.`;
    const refused = refusalOf(round);
    warnings.push(warn("fallback", refused === null ? message : `${message} ${wordNotice(refused)}`, "rounds"));
  }
  return warnings;
}

/** What the round says of a strategy that refused the pool; null when none did. */
function refusalOf({ report }: RoundDbRow): unknown {
  const warnings: unknown[] = Array.isArray(report?.warnings) ? report.warnings : [];
  return warnings.find((warning) => (warning as { code?: unknown }).code === "STRATEGY_REFUSED") ?? null;
}

function warn(code: string, message: string, link: string | null): OverviewView["warnings"][number] {
  return { code, message, link };
}

export function secondsBetween(from: Date | null, to: Date): number | null {
  return from === null ? null : (to.getTime() - from.getTime()) / 1000;
}

export function toMeasured(row: MetricRow): Measured {
  const { value, lower, upper, level, n, method, sample } = row;
  return { value, lower, upper, level, unit: "share", n, sample, method };
}
