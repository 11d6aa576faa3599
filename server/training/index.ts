/** The door for every process: nothing here loads what computes; the jobs do. */
export { activateModel, type ModelContext, unpinModel } from "./activateModel";
export { CODE_VERSION } from "./codeVersion";
export { getModelVersion, listModelVersions } from "./listModelVersions";
export { readLabelSnapshot, readTrainingLabels } from "./readTrainingLabels";
export { requestRetrain, requestRetrainIfDue } from "./requestRetrain";
export { type RetrainDecision, type RetrainState, shouldRetrain } from "./retrainPolicy";
export { AUDIT_WINDOW, type AuditItem, decodeTrainSet, type LabelledItem, type LabelSnapshot } from "./snapshotLabels";
