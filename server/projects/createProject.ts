import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { createProjectInput, FeatureSpec, ProjectStrategy } from "@/contracts/project";
import { featureSpec, projectStrategy, retrainPolicy, trainerSpec } from "@/contracts/project";
import type { TaskType } from "@/task-types/registry";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import { userIdOf } from "../auth";
import type { Clock } from "../clock";
import type { Db, Pool, Tx } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { checkFeatureSpec, checkStrategy, checkTaskConfig, checkTaskType } from "./checkSettings";
import { checkTrainerSpec } from "./checkTrainerSpec";
import type { NewProject } from "./projects.db";
import { insertLead, insertProject, selectProjectCreation } from "./projects.db";
import { slugCandidates } from "./slug";

const SEED_BYTES = 16;
/** Labels before the main strategy takes over; why these: docs/decisions/0008-cold-start-length.md. */
const COLD_START_LABELS_MIN = 20;
const COLD_START_LABELS_PER_CLASS = 2;
const COLD_START_LABELS_MAX = 200;

/** TypiClust until there are labels enough, then margin, with a tenth drawn at random for measuring. */
export function defaultStrategy(taskType: TaskType, config: unknown): ProjectStrategy {
  const nClasses = taskType.classes(config).length;
  return projectStrategy.parse({
    main: { id: "margin" },
    coldStart: { id: "typiclust" },
    minLabels: coldStartLabels(nClasses),
  });
}

function coldStartLabels(nClasses: number): number {
  return Math.min(COLD_START_LABELS_MAX, Math.max(COLD_START_LABELS_MIN, COLD_START_LABELS_PER_CLASS * nClasses));
}

function defaultFeatureSpec(): FeatureSpec {
  return featureSpec.parse({ kind: "text" });
}

export async function requireMayCreate(db: Db, actor: Actor): Promise<void> {
  if (actor.kind === "system") return;
  if (actor.kind === "user" && (actor.role === "administrator" || (await selectProjectCreation(db)) === "everyone"))
    return;
  throw new AppError("E_FORBIDDEN", "Only administrators may make projects on this instance. Ask one of them.");
}

async function insertUnderFreeSlug(
  tx: Tx,
  project: Omit<NewProject, "slug">,
  wanted: string | undefined,
): Promise<{ id: number; slug: string }> {
  for (const slug of wanted === undefined ? slugCandidates(project.name) : [wanted]) {
    const id = await insertProject(tx, { ...project, slug });
    if (id !== undefined) return { id, slug };
  }
  throw new AppError("E_CONFLICT", `The address "${wanted ?? project.name}" is taken. Choose another one.`, {
    details: { field: "slug" },
  });
}

/**
 * Makes a project with its counters, its creator as lead, and an address made from its name unless one is given. Checks
 * labels, strategy, trainer and features against their registries first. One transaction; called twice it makes two.
 */
export async function createProject(
  { db, clock, actor }: { db: Pool; clock: Clock; actor: Actor },
  input: z.output<typeof createProjectInput>,
  options: { demo?: string } = {},
): Promise<{ id: number; slug: string }> {
  await requireMayCreate(db, actor);
  const taskType = checkTaskType(input.taskType);
  const taskConfig = checkTaskConfig(taskType, input.taskConfig);
  const strategy = checkStrategy(taskType, input.strategy ?? defaultStrategy(taskType, taskConfig));
  const at = clock.now();
  const createdBy = userIdOf(actor);
  const project: Omit<NewProject, "slug"> = {
    name: input.name,
    description: input.description,
    taskType: taskType.id,
    taskConfig,
    contentKind: input.contentKind,
    guidelines: input.guidelines,
    overlap: input.overlap,
    leaseSeconds: input.leaseSeconds,
    prefetch: input.prefetch,
    suggestionPolicy: input.suggestionPolicy,
    suggestOnAudit: input.suggestOnAudit,
    auditShare: strategy.auditShare,
    strategy,
    retrainPolicy: input.retrainPolicy ?? retrainPolicy.parse({}),
    featureSpec: checkFeatureSpec(input.contentKind, input.featureSpec ?? defaultFeatureSpec()),
    trainerSpec: checkTrainerSpec(taskType, input.trainerSpec ?? trainerSpec.parse({})),
    seed: input.seed ?? randomBytes(SEED_BYTES).toString("hex"),
    demo: options.demo ?? null,
    createdBy: createdBy ?? actor.kind,
    at,
  };
  return withTransaction(db, async (tx) => {
    const made = await insertUnderFreeSlug(tx, project, input.slug);
    if (createdBy !== null) await insertLead(tx, made.id, createdBy, at);
    const entry = { actor, action: "project.create", target: made.slug, details: { name: input.name }, at };
    await appendAuditLog(tx, { ...entry, projectId: made.id });
    await appendAuditLog(tx, { ...entry, projectId: null, details: { projectId: made.id, name: input.name } });
    return made;
  });
}
