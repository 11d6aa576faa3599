export type { PairedModelComparison } from "./comparison";
export { compareModels } from "./comparison";
export type { ControlledEstimate, LossControl, RefittedControl } from "./controlVariate";
export { controlIncrements, estimateControlled, estimateWithRefits } from "./controlVariate";
export type { PlannedDraw, ProposalRule } from "./drawing";
export { DEFENSIVE_SHARE, drawMany, drawNext, proposalOver, raceDraws } from "./drawing";
export type { DrawDesign, TestDraws } from "./draws";
export { checkDraws } from "./draws";
export type { ModelBasedGuess } from "./ensembles";
export { ensembleMean, ensembleMutualInformation, modelBasedGuess, xwedScores } from "./ensembles";
export type { DrawStatus } from "./frames";
export {
  combineFrames,
  completedPrefix,
  costOfHalfWidth,
  equivalentRandomLabels,
  estimateOverPresent,
  estimateSlice,
  heavyDraws,
  labelsForHalfWidth,
  lossVariance,
  trainedTestItems,
} from "./frames";
export type { GuardedInterval } from "./intervals";
export { countNonZero, martingaleInterval, NON_ZERO_LOSSES_MIN, populationVariance } from "./intervals";
export type { BettingDraw } from "./lossBetting";
export { ControlledBettingSequence, LossBettingSequence } from "./lossBetting";
export { absoluteErrors, logLosses, multiLabelLosses, squaredErrors, zeroOneLosses } from "./losses";
export type { MeanEstimate } from "./lure";
export {
  combineIncrements,
  effectiveSampleSize,
  estimateHajek,
  estimateLure,
  estimatePure,
  lureCoefficients,
  lureWeights,
  martingaleIncrements,
  pureWeights,
} from "./lure";
export type { ActiveInferenceEstimate, PredictionPoweredEstimate } from "./predictionPowered";
export { activeInferenceMean, predictionPoweredMean } from "./predictionPowered";
export type { ClassProbabilities } from "./proposals";
export {
  averagedProposal,
  balancedAccuracyScores,
  clippedToUniform,
  deviationOfError,
  deviationOfLogLoss,
  disagreementScores,
  expectedError,
  expectedErrorOf,
  expectedLogLoss,
  expectedMultiLabelLoss,
  expectedSquaredError,
  floorAtPercentile,
  floorAtShareOfMax,
  fMeasureScores,
  mixedWithUniform,
  mostProbableClasses,
  normalizedScores,
  precisionScores,
  recallScores,
  rootScores,
  rootSecondMomentLogLoss,
} from "./proposals";
export type { ClassificationEstimates, MetricEstimate } from "./ratioMetrics";
export { estimateClassification, estimateRatio } from "./ratioMetrics";
export { fitTemperature, surrogateRefitDue, voteShareSurrogate, withTemperature } from "./surrogate";
export type { MultiLabelEstimates, RegressionEstimates } from "./taskMetrics";
export { estimateMultiLabel, estimateRegression } from "./taskMetrics";
