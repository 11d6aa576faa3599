import { z } from "zod";
import { LIMITS } from "./limits";
import type { ProjectRole } from "./permissions";

export const CONTENT_KINDS = ["text", "record"] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];
export const PROJECT_STATUSES = ["active", "paused", "archived"] as const;
export const SUGGESTION_POLICIES = ["show", "afterFirstAnswer", "hide"] as const;

/** An acquisition strategy and its options. The ids and option schemas come from the strategy registry. */
export const strategyRef = z.object({
  id: z.string().min(1).max(100),
  options: z.record(z.string(), z.unknown()).default({}),
});

/**
 * What fills the queue of a project: a cold-start strategy until enough labels exist, then the main one, always mixed with
 * the random-audit share. Stored as data, hashed, and kept with every round.
 */
export const projectStrategy = z.object({
  version: z.literal(1).default(1),
  main: strategyRef,
  coldStart: strategyRef.default({ id: "random", options: {} }),
  /** The main strategy takes over once a model exists that was trained on at least this many labels … */
  minLabels: z.int().min(1).max(100_000).default(20),
  /** … of at least this many classes. */
  minClasses: z.int().min(1).max(LIMITS.labels).default(2),
  /** Share of the queue drawn at random from the audit frame. */
  auditShare: z.number().min(0).max(0.5).default(0.1),
  /** Entries a round puts into the queue. */
  batchSize: z.int().min(1).max(10_000).default(100),
});
export type ProjectStrategy = z.infer<typeof projectStrategy>;

/** When a new model version is trained. At most one training runs per project. */
export const retrainPolicy = z.object({
  everyLabels: z.int().min(1).max(100_000).default(25),
  /** Also when this much time has passed since the last version and at least one label is new. */
  everySeconds: z.int().min(5).max(86_400).default(120),
  minLabels: z.int().min(2).max(100_000).default(20),
  automatic: z.boolean().default(true),
});
export type RetrainPolicy = z.infer<typeof retrainPolicy>;

/** How items become vectors. */
export const featureSpec = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("text"),
    /** Record projects: the fields whose text is used; absent means all text fields. */
    fields: z.array(z.string()).optional(),
    hashBits: z.int().min(12).max(20).default(17),
    wordNgrams: z.int().min(1).max(3).default(2),
    charNgrams: z.tuple([z.int().min(1), z.int().max(8)]).default([3, 5]),
    dim: z.int().min(8).max(1024).default(256),
    /** Rows the projection is learnt on at most. */
    sampleRows: z.int().min(100).max(1_000_000).default(20_000),
  }),
  z.object({
    kind: z.literal("record"),
    numeric: z.array(z.string()).default([]),
    categorical: z.array(z.string()).default([]),
    /** Categories kept per column; the rest share one. */
    maxCategories: z.int().min(2).max(1_000).default(50),
  }),
  z.object({ kind: z.literal("embedding"), name: z.string().min(1).max(200) }),
  z.object({
    kind: z.literal("onnx"),
    /** Folder with model.onnx and tokenizer.json, inside the instance's model folder. */
    path: z.string().min(1).max(1_000),
    pooling: z.enum(["mean", "cls"]).default("mean"),
    normalize: z.boolean().default(true),
    maxTokens: z.int().min(8).max(8_192).default(256),
  }),
]);
export type FeatureSpec = z.infer<typeof featureSpec>;

/** Which trainer, with its options; both come from the trainer registry. */
export const trainerSpec = z.object({
  id: z.string().min(1).max(100).default("softmax"),
  options: z.record(z.string(), z.unknown()).default({}),
  /** balanced: every class counts alike, however few labels it has. */
  classWeights: z.enum(["none", "balanced"]).default("none"),
});
export type TrainerSpec = z.infer<typeof trainerSpec>;

const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "lower-case letters, digits and dashes, 64 characters at most");

export const createProjectInput = z.object({
  name: z.string().trim().min(1).max(200),
  slug: slug.optional(),
  description: z.string().max(10_000).default(""),
  taskType: z.string().min(1).max(64),
  /** Checked by the task type. For choice: {labels: [{id, title, description?, hotkey?}]}. */
  taskConfig: z.unknown(),
  contentKind: z.enum(CONTENT_KINDS).default("text"),
  guidelines: z.string().max(LIMITS.guidelinesBytes).default(""),
  overlap: z.int().min(1).max(LIMITS.overlapMax).default(1),
  leaseSeconds: z.int().min(LIMITS.leaseSecondsMin).max(LIMITS.leaseSecondsMax).default(600),
  prefetch: z.int().min(1).max(LIMITS.claimEntries).default(5),
  suggestionPolicy: z.enum(SUGGESTION_POLICIES).default("show"),
  /** Suggestions on audit items too. Off, because an answer that follows the model flatters the model. */
  suggestOnAudit: z.boolean().default(false),
  strategy: projectStrategy.optional(),
  retrainPolicy: retrainPolicy.optional(),
  featureSpec: featureSpec.optional(),
  trainerSpec: trainerSpec.optional(),
  seed: z.string().min(1).max(100).optional(),
});
export type CreateProjectInput = z.input<typeof createProjectInput>;

export const updateProjectInput = z.object({
  projectId: z.int(),
  name: z.string().trim().min(1).max(200).optional(),
  description: z.string().max(10_000).optional(),
  /** Labels may be added and renamed; a label that is in use cannot be removed. */
  taskConfig: z.unknown().optional(),
  overlap: z.int().min(1).max(LIMITS.overlapMax).optional(),
  leaseSeconds: z.int().min(LIMITS.leaseSecondsMin).max(LIMITS.leaseSecondsMax).optional(),
  prefetch: z.int().min(1).max(LIMITS.claimEntries).optional(),
  suggestionPolicy: z.enum(SUGGESTION_POLICIES).optional(),
  suggestOnAudit: z.boolean().optional(),
  retrainPolicy: retrainPolicy.optional(),
  featureSpec: featureSpec.optional(),
  trainerSpec: trainerSpec.optional(),
});

/** Who, besides administrators, may make projects on an instance. */
export const PROJECT_CREATION = ["administrators", "everyone"] as const;
export type ProjectCreation = (typeof PROJECT_CREATION)[number];

/** A project as the screens and programs see it. */
export interface ProjectView {
  id: number;
  slug: string;
  name: string;
  description: string;
  taskType: string;
  taskConfig: unknown;
  /** Counts changes of the label configuration, from 1. */
  configVersion: number;
  contentKind: ContentKind;
  guidelines: string;
  guidelinesVersion: number;
  status: (typeof PROJECT_STATUSES)[number];
  overlap: number;
  leaseSeconds: number;
  prefetch: number;
  suggestionPolicy: (typeof SUGGESTION_POLICIES)[number];
  suggestOnAudit: boolean;
  strategy: ProjectStrategy;
  retrainPolicy: RetrainPolicy;
  featureSpec: FeatureSpec;
  trainerSpec: TrainerSpec;
  seed: string;
  activeModelVersion: number | null;
  pinnedModelVersion: number | null;
  activeFeatureVersion: number | null;
  demo: string | null;
  createdAt: string;
  /** The caller's role here; administrators count as lead. Null for API keys. */
  myRole: ProjectRole | null;
}

export interface ProjectListRow {
  id: number;
  slug: string;
  name: string;
  description: string;
  taskType: string;
  status: (typeof PROJECT_STATUSES)[number];
  myRole: ProjectRole;
  demo: string | null;
  /** Distinct items, as nResolved: an exact copy stands with its original. */
  nItems: number;
  nResolved: number;
  nLabels: number;
  createdAt: string;
}
