export type { LinearTraining } from "./approximateCrossValidation";
export { ApproximateCrossValidation } from "./approximateCrossValidation";
export type { NeighbourPair, ReferenceAnswers, SmartItem, SmartProposal, SmartReason } from "./smartFilter";
export { proposeSmartFilter, similarityThreshold } from "./smartFilter";
export type { LaplaceDraws, ThresholdoutAnswer, ThresholdoutOptions, ThresholdoutState } from "./thresholdout";
export { askThresholdout, laplaceFromUniform, levelPerLook, startThresholdout } from "./thresholdout";
