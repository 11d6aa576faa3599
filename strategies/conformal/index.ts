export type { AutoLabelPlan, TieRule } from "./conformalSelection";
export { calibrationScores, candidateScores, conformalPValues, planAutoLabels } from "./conformalSelection";
export { benjaminiHochberg, eBenjaminiHochberg } from "./falseDiscovery";
export type { OnlineConformalOptions, OnlineConformalState, RadiusLearner } from "./onlineConformal";
export { OnlineConformal, updateRadius } from "./onlineConformal";
export type { OptimizedSelection } from "./optimizedSelection";
export { selectOptimized } from "./optimizedSelection";
export type { SetScore } from "./predictionSets";
export { classScoresOf, predictionSet, splitConformalRadius } from "./predictionSets";
