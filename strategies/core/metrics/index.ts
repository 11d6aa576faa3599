export type { BettingOptions } from "./bettingSequence";
export { BettingSequence } from "./bettingSequence";
export type { ClassScore } from "./classificationScores";
export { balancedAccuracy, classScores, confusionMatrix, estimateMacroF1, macroF1 } from "./classificationScores";
export type { PairedComparison } from "./comparisons";
export { areaUnderCurve, comparePaired, holmAdjusted, signTest } from "./comparisons";
export {
  betaCdf,
  betaQuantile,
  logChoose,
  logGamma,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from "./distributions";
export type { Estimate } from "./estimateFromSample";
export { estimateAccuracy, estimateMean } from "./estimateFromSample";
export type { MeanAveragePrecision, MultiLabelScores } from "./multiLabelScores";
export { meanAveragePrecision, multiLabelScores } from "./multiLabelScores";
export type { Interval } from "./proportionIntervals";
export { clopperPearsonInterval, finitePopulationInterval, wilsonInterval } from "./proportionIntervals";
export { averageRanks, percentileSorted, quantileSorted, rankCorrelation } from "./ranks";
