import type { Purpose } from "./items";

/** A number a lead can defend: never without its sample and method. */
export interface Measured {
  value: number;
  lower: number | null;
  upper: number | null;
  /** Confidence level of the interval, e.g. 0.95. */
  level: number | null;
  unit: string;
  /** Items it rests on. */
  n: number;
  /** e.g. "audit": a simple random sample of the pool. */
  sample: string;
  /** e.g. "Wilson score interval". */
  method: string;
}

export interface OverviewView {
  /** Distinct items: an exact copy stands with its original and is counted in nDuplicates alone. */
  nItems: number;
  nResolved: number;
  nLabels: number;
  nSkips: number;
  nOpenFlags: number;
  nAuditLabels: number;
  nDuplicates: number;
  queueOpen: number;
  queueLeased: number;
  activeAnnotators: number;
  labelsLastHour: number;
  labelsToday: number;
  /** Median seconds a label took, last 500. */
  medianSeconds: number | null;
  /** Hours to label what is open at the present pace; null when nobody labels. */
  hoursLeft: number | null;
  model: {
    version: number;
    trainer: string;
    backend: string;
    nTrain: number;
    staleness: number;
    readyAt: string | null;
  } | null;
  accuracy: Measured | null;
  /** How far the project is from its main strategy. Audit labels do not count: no strategy learns from them. */
  mainStrategy: {
    id: string;
    nTraining: number;
    minLabels: number;
    nClasses: number;
    minClasses: number;
  };
  lastRefill: { round: number; trigger: string; secondsFromLabel: number | null; finishedAt: string } | null;
  warnings: { code: string; message: string; link: string | null }[];
}

export interface CurvePoint {
  modelVersion: number;
  nTrain: number;
  value: number;
  lower: number | null;
  upper: number | null;
  n: number;
  at: string;
}
export interface CurveSeries {
  projectId: number;
  projectName: string;
  strategy: string;
  metric: string;
  sample: "audit" | "demoTruth" | "heldOut";
  method: string;
  level: number | null;
  points: CurvePoint[];
}

/** One side of a comparison: a model version as it was measured on its project's own audit sample. */
export interface ComparedVersion {
  projectId: number;
  projectName: string;
  strategy: string;
  modelVersion: number;
  nTrain: number;
  /** Accuracy on n audit items. */
  value: number;
  n: number;
  /** Accuracy of the same version on the hidden labels of a demonstration, where they were measured. */
  demoTruth: number | null;
}
/** Two learning curves at the largest number of training labels that both have reached. */
export interface CurveComparison {
  mine: ComparedVersion;
  other: ComparedVersion;
  /** Accuracy of mine minus that of the other. */
  difference: Measured;
}

export interface ThroughputView {
  bucketSeconds: number;
  points: { at: string; labels: number; skips: number; annotators: number }[];
}
export interface ClassBalanceRow {
  label: string;
  title: string;
  labels: number;
  share: number;
  /** Share among audit labels: an unbiased view of the pool. */
  auditShare: Measured | null;
  /** Mean predicted probability over the pool by the active model. */
  predictedShare: number | null;
}
export interface AnnotatorRow {
  userId: string;
  name: string;
  isSimulated: boolean;
  role: string;
  labels: number;
  skips: number;
  undone: number;
  late: number;
  medianSeconds: number | null;
  /** Agreement with others on shared items. */
  agreement: Measured | null;
  /** Share of shown suggestions accepted. */
  acceptedSuggestions: Measured | null;
  lastAt: string | null;
  holds: number;
  frozen: boolean;
}
export interface RoundRow {
  number: number;
  generation: number;
  strategy: string;
  trigger: string;
  status: string;
  nCandidates: number;
  nPicked: number;
  nFallback: number;
  nServed: number;
  nLabelled: number;
  score: { min: number; median: number; max: number } | null;
  modelVersion: number | null;
  durationMs: number;
  secondsFromLabel: number | null;
  finishedAt: string;
  warnings: string[];
}
/** Does selection work? */
export interface SelectionWorksView {
  round: number | null;
  /** The strategy behind the round's ranked items; null where nothing was ranked. */
  strategy: string | null;
  nServed: number;
  /** Scores of the round's picks, beside those of all scored items of the pool where these were kept. */
  histogram: { from: number; to: number; picked: number; pool: number | null }[];
  /** Scored items of the pool; null where their scores were not kept. */
  nPool: number | null;
  spread: { min: number; q25: number; median: number; q75: number; max: number; distinct: number } | null;
  /** Spearman rank correlation of serving order and ranking, non-audit entries. 1 when served exactly in order. */
  rankCorrelation: Measured | null;
  fallbackShare: Measured | null;
  auditShare: Measured | null;
  verdict: { ok: boolean; message: string }[];
}
export interface ModelVersionRow {
  version: number;
  trainer: string;
  backend: string;
  state: "training" | "ready" | "failed";
  nTrain: number;
  trainedThroughSeq: number;
  featureVersion: number | null;
  dataHash: string;
  seed: string;
  durationMs: number | null;
  metrics: Record<string, unknown>;
  accuracy: Measured | null;
  isActive: boolean;
  isPinned: boolean;
  error: string | null;
  createdAt: string;
}
export interface PurposeCount {
  purpose: Purpose;
  count: number;
}
