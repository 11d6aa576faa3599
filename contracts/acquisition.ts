import type { Measured } from "./dashboards";

/** Picks of a draft strategy that a preview shows. */
export const PREVIEW_PICKS = 20;

export interface PreviewPick {
  row: number;
  externalId: string;
  /** First characters of the content. */
  excerpt: string;
  score: number | null;
  percentile: number | null;
  inclusion: number | null;
  /** Reasons as they would be stored with a queue entry. */
  reason: unknown;
  strategy: string;
  /** Another rule than the draft's own strategy chose it. */
  isFallback: boolean;
  /** The project's present strategy would also pick it for a round now. */
  isAlsoPresent: boolean;
}

/** What a preview found; the result of its job. */
export interface PreviewResult {
  picks: PreviewPick[];
  /** Id of the strategy that serves the project now, and how many of `picks` it would also pick. */
  presentStrategy: string;
  nAlsoPresent: number;
  modelVersion: number | null;
  /** Codes with numbers, as rounds have them. */
  notices: { code: string }[];
  /** Of the draft alone. */
  seconds: number;
  peakRssMiB: number;
}

export interface PreviewView {
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  progressDone: number;
  progressTotal: number | null;
  message: string;
  error: string | null;
  result: (PreviewResult & { warnings: string[] }) | null;
}

export interface GuidanceArray {
  array: string;
  isThere: boolean;
  /** What the project has, or why it has not. */
  sentence: string;
}

/** What a strategy needs and costs on a project's pool as it is. */
export interface GuidanceView {
  arrays: GuidanceArray[];
  nLabels: number;
  nClassesLabelled: number;
  minLabels: number;
  minClasses: number;
  /** It would run now, were its switch rule met. */
  canRun: boolean;
  /** Estimates, order of magnitude: seconds on one core, MiB beyond the pool itself. */
  cost: { eligible: number; seconds: number; mebibytes: number };
}

export interface TailorCell {
  mean: number;
  low: number | null;
  high: number | null;
  effective: number;
}
export interface TailorArm {
  id: string;
  strategy: string;
  /** Title of the class the arm stands for. */
  classTitle: string | null;
  isActive: boolean;
  expectedReward: number;
  best: number;
  pulls: number;
  credits: number;
  skipped: number;
  withdrawn: number;
  cells: TailorCell[];
  yieldPer100: number[] | null;
}
export interface TailorPageView {
  /** Newest round whose state this is. */
  round: number;
  tailorRound: number;
  classes: string[];
  weights: number[];
  classCounts: number[];
  labelled: number;
  settled: number;
  waiting: number;
  arms: TailorArm[];
  rounds: { round: number; arms: { id: string; best: number; pulls: number; skipped: number }[] }[];
}

export interface LdmRoundView {
  round: number;
  strategy: string;
  scored: number;
  histogram: { lo: number; hi: number; counts: number[] };
  /** Shares of the scored items in the lowest and highest bin: labels that any nudge turns, and that none does. */
  shareLowest: number;
  shareHighest: number;
  facts: Record<string, number>;
}

/** The strategy's picks beside the random-audit share of the same rounds. */
export interface AuditComparisonView {
  nStrategy: number;
  nAudit: number;
  /** Labels of each class per item, strategy and audit. */
  classes: { title: string; strategy: Measured | null; audit: Measured | null }[];
  /** Share of labels that differ from what the model that picked them had said. */
  modelError: { strategy: Measured | null; audit: Measured | null };
}
