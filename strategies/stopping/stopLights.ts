import type { Interval } from "../core/metrics";
import type { StabilityVote } from "./agreement";
import type { AuditQuality } from "./auditBound";
import type { WorthForecast } from "./learningCurve";

/** "calm" speaks for stopping, "not-yet" against it; "unknown" is neither. */
export type LightState = "calm" | "not-yet" | "unknown";

/** A class or slice as the last light sees it. */
export interface SliceQuality {
  readonly name: string;
  /** Labels in it. */
  readonly labels: number;
  readonly value: number | null;
  /** null where there are too few labels for one. */
  readonly interval: Interval | null;
}

export interface StopLights {
  readonly goodEnough: { readonly state: LightState; readonly audit: AuditQuality };
  readonly stillChanging: { readonly state: LightState; readonly stability: StabilityVote };
  readonly worthIt: { readonly state: LightState; readonly worth: WorthForecast | null };
  readonly anyoneLeftBehind: {
    readonly state: LightState;
    readonly worst: SliceQuality | null;
    readonly tooFew: readonly string[];
  };
  /** Always on, whatever the lights say. */
  readonly limits: readonly ("budget-spent" | "pool-exhausted")[];
}

/** Slices with fewer labels have no say about being good, only about being unknown. */
export const SLICE_LABELS_MIN = 10;

/**
 * "Should I stop labelling?" as four answers, never as one verdict. Each is a pure function of the history.
 *
 * @param slices classes and groups; a slice whose value lies below `sliceTarget` counts as left behind; its interval says how sure that is.
 */
export function stopLights(args: {
  readonly audit: AuditQuality;
  readonly stability: StabilityVote;
  readonly worth: WorthForecast | null;
  readonly slices: readonly SliceQuality[];
  readonly sliceTarget: number;
  readonly labels: number;
  readonly budget: number | null;
  readonly poolLeft: number;
}): StopLights {
  const { audit, stability, worth, slices, sliceTarget, labels, budget, poolLeft } = args;
  const limits: ("budget-spent" | "pool-exhausted")[] = [];
  if (budget !== null && labels >= budget) limits.push("budget-spent");
  if (poolLeft === 0) limits.push("pool-exhausted");
  return {
    goodEnough: {
      state: audit.vote === "unknown" ? "unknown" : audit.vote === "good-enough" ? "calm" : "not-yet",
      audit,
    },
    stillChanging: {
      state: stability.vote === "unknown" ? "unknown" : stability.vote === "stop" ? "calm" : "not-yet",
      stability,
    },
    worthIt: { state: worth === null ? "unknown" : worth.vote === "worth-it" ? "not-yet" : "calm", worth },
    anyoneLeftBehind: leftBehind(slices, sliceTarget),
    limits,
  };
}

function leftBehind(slices: readonly SliceQuality[], target: number): StopLights["anyoneLeftBehind"] {
  const isKnown = (slice: SliceQuality) =>
    slice.labels >= SLICE_LABELS_MIN && slice.value !== null && slice.interval !== null;
  const known = slices.filter(isKnown);
  const tooFew = slices.filter((slice) => !isKnown(slice)).map((slice) => slice.name);
  const worst = known.reduce<SliceQuality | null>(
    (least, slice) => (least === null || slice.value! < least.value! ? slice : least),
    null,
  );
  if (worst === null) return { state: "unknown", worst, tooFew };
  if (worst.value! < target) return { state: "not-yet", worst, tooFew };
  return { state: tooFew.length > 0 ? "unknown" : "calm", worst, tooFew };
}

/** What would have been measured had labelling stopped at a round: the last point at or before it. */
export function hadYouStoppedAt<Point extends { readonly labels: number }>(
  history: readonly Point[],
  labels: number,
): Point | null {
  return history.reduce<Point | null>(
    (found, point) => (point.labels <= labels && (found === null || point.labels > found.labels) ? point : found),
    null,
  );
}
