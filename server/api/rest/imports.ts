import { IMPORT_FORMATS, importMapping } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { AppError } from "../../errors";
import { receiveUpload, startImport, writeImportErrors } from "../../ingestion";
import { badInput } from "../toWireError";
import { attachmentResponse } from "./attachment";
import { bodyOf, parameter, pathNumber, requiredParameter } from "./requestBody";
import { jsonResponse } from "./responses";
import type { RestCall } from "./restRoute";

function readMapping(url: URL) {
  const text = parameter(url, "mapping");
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new AppError(
      "E_BAD_INPUT",
      `mapping: expected JSON such as {"text":"body","label":"class"}, got ${text.slice(0, 80)}`,
      {
        details: { field: "mapping" },
      },
    );
  }
  const parsed = importMapping.safeParse(json);
  if (!parsed.success) throw badInput(parsed.error, json);
  return parsed.data;
}

function readFormat(url: URL) {
  const format = parameter(url, "format");
  if (format === undefined) return undefined;
  const known = IMPORT_FORMATS.find((id) => id === format);
  if (known) return known;
  throw new AppError("E_BAD_INPUT", `format: expected ${IMPORT_FORMATS.join(", ")}; got "${format.slice(0, 50)}".`, {
    details: { field: "format" },
  });
}

/**
 * `POST /imports?fileName=&mapping=&format=`: stores the body and queues its import. Answers 202 with the run; what is
 * left out of format and mapping is told from the file. Parameters are checked before a byte of the body is read.
 */
export async function postImport(call: RestCall<{ id: string }>): Promise<Response> {
  const fileName = requiredParameter(call.url, "fileName", "data.csv");
  const mapping = readMapping(call.url);
  const format = readFormat(call.url);
  const body = bodyOf(call.request, LIMITS.uploadBytes);
  const { uploadId } = await receiveUpload(call, { fileName, body, signal: call.signal });
  return jsonResponse({ uploadId, import: await startImport(call, { uploadId, format, mapping }) }, 202);
}

/** `GET /imports/:n/errors.csv`: the refused records of an import as a file to mend and import again. */
export async function getImportErrors(call: RestCall<{ id: string; number: string }>): Promise<Response> {
  const number = pathNumber(call.params.number, "an import");
  const parts = await writeImportErrors(call, { number, format: "csv" });
  return attachmentResponse({ fileName: `import-${number}-errors.csv`, mediaType: "text/csv; charset=utf-8", parts });
}

/** `GET /imports/:n/errors.jsonl`: the same as JSON Lines, for records with nested values. */
export async function getImportErrorLines(call: RestCall<{ id: string; number: string }>): Promise<Response> {
  const number = pathNumber(call.params.number, "an import");
  const parts = await writeImportErrors(call, { number, format: "jsonl" });
  return attachmentResponse({ fileName: `import-${number}-errors.jsonl`, mediaType: "application/x-ndjson", parts });
}
