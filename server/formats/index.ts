export { neutraliseFormula } from "./delimited/neutraliseFormula";
export { cellText, quoteCell, writeRecord } from "./delimited/writeDelimited";
export type {
  Dialect,
  Format,
  FormatRecord,
  ImportFormat,
  ReadOptions,
  RecordError,
  RecordErrorCode,
  WriteOptions,
} from "./format";
export { RECORD_ERROR_CODES } from "./format";
export { type OpenedFile, type OpenLimits, openFile } from "./openFile";
export { detectFormat, getFormat, listFormats } from "./registry";
export { excerptOf } from "./text/excerpt";
export { longIntegerOf } from "./text/longIntegers";
export { bomLength, checkIsText } from "./text/readText";
