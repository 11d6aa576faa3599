export { cancelImport } from "./cancelImport";
export { getImport, listImports } from "./getImport";
export type { IngestContext } from "./ingestContext";
export { type IngestItemsInput, ingestItems } from "./ingestItems";
export { listImportErrors, writeImportErrors } from "./listImportErrors";
export { previewImport } from "./previewImport";
export { type ReceivedUpload, receiveUpload, type UploadInput } from "./receiveUpload";
export { startImport } from "./startImport";
