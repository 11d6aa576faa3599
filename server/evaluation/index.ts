export { readPredictedClasses } from "./readPredictedClasses";
