export type { StabilityVote, StopRound, UnknownReason, Vote } from "./agreement";
export {
  AGREEMENT_LEVELS,
  classificationChange,
  cohenKappa,
  predictedChangeOfF,
  ROUNDS_IN_A_ROW,
  STOP_SET_MIN,
  stabilizingPredictions,
} from "./agreement";
export type { AuditQuality } from "./auditBound";
export { alphaAtLook, auditQuality, lowerAccuracy } from "./auditBound";
export type { DesignBasedQuality } from "./designBasedQuality";
export { designBasedQuality, EFFECTIVE_SIZE_MIN } from "./designBasedQuality";
export type { ConfidenceDiagnostics } from "./diagnostics";
export { confidenceDiagnostics, selectedAccuracy, selfEstimateConverged, variancePastPeak } from "./diagnostics";
export type { GaussianBelief } from "./errorGap";
export { errorGapBound, errorGapWorth, gaussianDivergence, lambertW, linearHeadDivergence } from "./errorGap";
export type { CurveForecast, CurvePoint, WorthForecast } from "./learningCurve";
export { CURVE_POINTS_MIN, fitLearningCurve, forecastError, forecastWorth } from "./learningCurve";
export type { RecallVerdict } from "./recallStop";
export { positivesNeeded, positivesToFind, recallReached } from "./recallStop";
export type { LightState, SliceQuality, StopLights } from "./stopLights";
export { hadYouStoppedAt, SLICE_LABELS_MIN, stopLights } from "./stopLights";
