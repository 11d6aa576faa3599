import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { SECOND_MS } from "@/contracts/limits";
import type { updateProjectInput } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import { userIdOf } from "../auth";
import type { Clock } from "../clock";
import { addMs } from "../clock";
import type { Pool, Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { notifyProject, requestJob } from "../jobs";
import { checkFeatureSpec, checkTaskConfig } from "./checkSettings";
import { checkTrainerSpec } from "./checkTrainerSpec";
import { projectNotFound } from "./loadProject";
import type { ProjectRow } from "./projectRow";
import type { ProjectSettings } from "./projects.db";
import { lockProjectRow, selectUsedValues, startNewConfig, updateSettings } from "./projects.db";

/** Distinct values looked at when labels change; classes are at most a few hundred. */
const USED_VALUES_MAX = 100_000;
/** Settings of the trainer that are changed one after the other lead to one training. */
const RETRAIN_PAUSE_MS = 5 * SECOND_MS;
/** Findings told when a change of labels is refused. */
const FINDINGS_MAX = 5;

type Changes = Omit<z.output<typeof updateProjectInput>, "projectId">;

export interface SettingsContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
}

/** Checks a changed label configuration against what was answered so far. Submits wait until the caller commits. */
async function checkNewConfig(tx: Tx, project: ProjectRow, given: unknown): Promise<unknown> {
  const taskType = getTaskType(project.taskType);
  const config = checkTaskConfig(taskType, given);
  if (isDeepStrictEqual(config, project.taskConfig)) return config;
  await startNewConfig(tx, project.id);
  const used = await selectUsedValues(tx, project.id, USED_VALUES_MAX);
  const findings = taskType.incompatible(project.taskConfig, config, used);
  if (findings.length === 0) return config;
  const more = findings.length > FINDINGS_MAX ? ` (and ${findings.length - FINDINGS_MAX} more)` : "";
  throw new AppError("E_CONFLICT", `taskConfig: ${findings.slice(0, FINDINGS_MAX).join("; ")}${more}.`, {
    details: { field: "taskConfig", findings: findings.slice(0, FINDINGS_MAX) },
  });
}

async function settingsAfter(tx: Tx, project: ProjectRow, changes: Changes): Promise<ProjectSettings> {
  const taskType = getTaskType(project.taskType);
  return {
    name: changes.name ?? project.name,
    description: changes.description ?? project.description,
    taskConfig:
      changes.taskConfig === undefined ? project.taskConfig : await checkNewConfig(tx, project, changes.taskConfig),
    overlap: changes.overlap ?? project.overlap,
    leaseSeconds: changes.leaseSeconds ?? project.leaseSeconds,
    prefetch: changes.prefetch ?? project.prefetch,
    suggestionPolicy: changes.suggestionPolicy ?? project.suggestionPolicy,
    suggestOnAudit: changes.suggestOnAudit ?? project.suggestOnAudit,
    retrainPolicy: changes.retrainPolicy ?? project.retrainPolicy,
    featureSpec: changes.featureSpec ? checkFeatureSpec(project.contentKind, changes.featureSpec) : project.featureSpec,
    trainerSpec: changes.trainerSpec ? checkTrainerSpec(taskType, changes.trainerSpec) : project.trainerSpec,
  };
}

/**
 * Changes settings. One transaction that locks the project's row (and, when labels change, holds up submits); writes the
 * audit log with what changed from what to what; other features have the vectors computed anew, another trainer has a model trained, another overlap has the
 * queue refilled. Called twice, the second call changes nothing.
 */
export async function updateProject(
  { db, clock, actor }: SettingsContext,
  input: z.output<typeof updateProjectInput>,
): Promise<{ projectId: number; changed: string[] }> {
  const { projectId, ...changes } = input;
  return withTransaction(db, async (tx) => {
    const before = await lockProjectRow(tx, projectId);
    if (!before) throw projectNotFound();
    const after = await settingsAfter(tx, before, changes);
    const changed = (Object.keys(after) as (keyof ProjectSettings)[]).filter(
      (key) => !isDeepStrictEqual(after[key], before[key]),
    );
    if (changed.length === 0) return { projectId, changed };
    const at = clock.now();
    await updateSettings(tx, projectId, after, at);
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "project.update",
      target: before.slug,
      details: Object.fromEntries(changed.map((key) => [key, { from: before[key], to: after[key] }])),
      at,
    });
    await requestConsequences(tx, clock, actor, projectId, changed, {
      retrainPolicy: changes.retrainPolicy ?? before.retrainPolicy,
    });
    await notifyProject(tx, projectId, "settings");
    return { projectId, changed };
  });
}

async function requestConsequences(
  tx: Tx,
  clock: Clock,
  actor: Actor,
  projectId: number,
  changed: readonly (keyof ProjectSettings)[],
  after: Pick<ProjectRow, "retrainPolicy">,
): Promise<void> {
  const requestedBy = userIdOf(actor) ?? undefined;
  if (changed.includes("featureSpec")) {
    await requestJob(tx, clock, { kind: "features.build", payload: { projectId, relearn: true }, requestedBy });
  }
  if (changed.includes("trainerSpec") && after.retrainPolicy.automatic) {
    // As at the start, it trains only where there are labels enough. Other features bring their own training.
    await requestJob(tx, clock, {
      kind: "training.retrain",
      payload: { projectId, trigger: "start", triggeredAt: clock.now().toISOString() },
      startAfter: addMs(clock.now(), RETRAIN_PAUSE_MS),
      requestedBy,
    });
  }
  if (changed.includes("overlap")) {
    await requestJob(tx, clock, {
      kind: "queue.refill",
      payload: { projectId, trigger: "strategyChange" },
      requestedBy,
    });
  }
}
