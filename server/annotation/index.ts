export { checkValue } from "./checkValue";
export { flagItem, listFlags, resolveFlag } from "./flags";
export { readHistory } from "./readHistory";
export { type ImportedLabel, type ImportedLabels, recordImportedLabels } from "./recordImportedLabels";
export { saveDraft } from "./saveDraft";
export { type Submission, submitAnnotation } from "./submitAnnotation";
export { type UndoRequest, undoAnnotation } from "./undoAnnotation";
