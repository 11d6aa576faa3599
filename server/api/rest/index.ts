export { postEmbeddings } from "./embeddings";
export { getExport } from "./export";
export { answerHealth } from "./health";
export { getImportErrorLines, getImportErrors, postImport } from "./imports";
export { getManifest, getRoundArray } from "./manifest";
export { postPredictions } from "./predictions";
export { errorResponse, jsonResponse } from "./responses";
export { type RestCall, type RestHandler, restRoute } from "./restRoute";
export { postUpload } from "./uploads";
