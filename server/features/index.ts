export { applyFeatures } from "./applyFeatures";
export { areFeaturesBehind } from "./areFeaturesBehind";
export { learnFeatures } from "./learnFeatures";
export { featureSpecHash } from "./planBuild";
export { readFeatureMatrix } from "./readFeatureMatrix";
export { readPresence } from "./readPresence";
