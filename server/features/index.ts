export { applyFeatures } from "./applyFeatures";
export { learnFeatures } from "./learnFeatures";
export { featureSpecHash } from "./planBuild";
export { readFeatureMatrix } from "./readFeatureMatrix";
export { readPresence } from "./readPresence";
