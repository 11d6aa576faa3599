export type { ExportContext } from "./exportContext";
export { EXPORTS_AT_ONCE, type ExportInput, type ExportStream, writeExport } from "./writeExport";
