import type {
  ContentKind,
  FeatureSpec,
  ProjectStrategy,
  ProjectView,
  RetrainPolicy,
  TrainerSpec,
} from "@/contracts/project";

/** A project as services see it: everything but the guidelines text, which may be long and is rarely needed. */
export interface ProjectRow {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly taskType: string;
  /** Fits the task type's configSchema. */
  readonly taskConfig: unknown;
  /** Which label configuration of the project taskConfig is, from 1. */
  readonly configVersion: number;
  readonly contentKind: ContentKind;
  readonly guidelinesVersion: number;
  readonly status: ProjectView["status"];
  readonly overlap: number;
  readonly leaseSeconds: number;
  readonly prefetch: number;
  readonly suggestionPolicy: ProjectView["suggestionPolicy"];
  readonly suggestOnAudit: boolean;
  readonly strategy: ProjectStrategy;
  readonly retrainPolicy: RetrainPolicy;
  readonly featureSpec: FeatureSpec;
  readonly trainerSpec: TrainerSpec;
  readonly seed: string;
  readonly activeModelVersion: number | null;
  readonly activeFeatureVersion: number | null;
  readonly pinnedModelVersion: number | null;
  readonly demo: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}
