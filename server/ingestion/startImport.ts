import type { ImportMapping, ImportRunView } from "@/contracts/ingestion";
import { importMapping } from "@/contracts/ingestion";
import { appendAuditLog } from "../audit";
import { userIdOf } from "../auth";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import type { ImportFormat } from "../formats";
import { notifyProject, requestJob } from "../jobs";
import { refuseArchived } from "../projects";
import { getImport } from "./getImport";
import { insertImportRun, selectUpload, setImportJob } from "./imports.db";
import type { IngestContext } from "./ingestContext";
import { uploadNotFound } from "./openUpload";
import type { Sample } from "./readSample";
import { readSample } from "./readSample";
import { suggestMapping, wordTooManyColumns } from "./suggestMapping";
import { holdUpload } from "./sweepUploads.db";

export interface StartImportInput {
  uploadId: string;
  format?: ImportFormat;
  mapping?: ImportMapping;
}

function badMapping(field: string, message: string): AppError {
  return new AppError("E_BAD_INPUT", message, { details: { field: `mapping.${field}` } });
}

/** Refuses a mapping that cannot give items, naming the column and those the file has. */
function checkMapping(ctx: IngestContext, mapping: ImportMapping, sample: Sample): void {
  const names = sample.columns.map((column) => column.name);
  const shown = names.slice(0, 30).map((name) => `"${name}"`);
  const has = `The file's columns: ${shown.join(", ")}${names.length > 30 ? ", …" : ""}.`;
  const { contentKind } = ctx.project;
  if (sample.records.length === 0) {
    const [first] = sample.errors;
    const why = first ? ` Line ${first.line}: ${first.message}` : "";
    throw new AppError("E_BAD_INPUT", `No record can be read from the beginning of the file.${why}`);
  }
  if (contentKind === "text" && mapping.text === undefined) {
    const nested = sample.columns.find((column) => column.isAllNested && column.name.toLowerCase() === "text");
    const why = nested ? ` "${nested.name}" holds lists or objects, which are no text: flatten them.` : "";
    throw badMapping("text", `Say which column holds the text.${why} ${has}`);
  }
  if (contentKind === "record" && mapping.fields?.length === 0) {
    throw badMapping("fields", `Say which columns become fields; expected at least one. ${has}`);
  }
  // Objects may lack values that later ones have; what identifies or is the item must be there from the beginning.
  const isTable = sample.dialect !== undefined;
  const wanted: [field: string, column: string | undefined][] = [
    ["text", contentKind === "text" ? mapping.text : undefined],
    ["externalId", mapping.externalId],
    ["label", isTable ? mapping.label : undefined],
    ...(isTable ? [...(mapping.fields ?? []), ...(mapping.meta ?? [])] : []).map((c): [string, string] => [
      "fields",
      c,
    ]),
  ];
  for (const [field, column] of wanted) {
    if (column !== undefined && !names.includes(column)) {
      throw badMapping(field, `The file has no column "${column}". ${has}`);
    }
  }
}

/**
 * Queues the import of an upload: an import run and its job in one transaction. What the caller leaves open (format,
 * mapping, dialect) is told from the file's beginning and stored, so that the run reads it the same way at every restart.
 * @throws E_NOT_FOUND for uploads of other projects, E_BAD_INPUT for a mapping that cannot give items.
 */
export async function startImport(ctx: IngestContext, input: StartImportInput): Promise<ImportRunView> {
  const { db, storage, clock, actor, project } = ctx;
  refuseArchived(project);
  const upload = await selectUpload(db, project.id, input.uploadId);
  if (!upload) throw uploadNotFound();
  const { delimiter, hasHeader, isQuoted } = input.mapping ?? {};
  const sample = await readSample(storage, upload, {
    format: input.format,
    dialect: { delimiter, hasHeader, isQuoted },
  });
  const tooMany = input.mapping === undefined ? wordTooManyColumns(sample.nColumns) : undefined;
  if (tooMany !== undefined) throw badMapping("meta", tooMany);
  const chosen = input.mapping ?? suggestMapping(project.contentKind, sample.columns, sample.records.length);
  checkMapping(ctx, chosen, sample);
  const mapping = importMapping.parse({ ...chosen, ...sample.dialect });
  const number = await withTransaction(db, async (tx) => {
    if (!(await holdUpload(tx, project.id, input.uploadId))) throw uploadNotFound();
    const now = clock.now();
    const run = { projectId: project.id, jobRunId: null, upload, format: sample.format.id, mapping, now };
    const taken = await insertImportRun(tx, { ...run, createdBy: actor.id ?? "system" });
    const { jobRunId } = await requestJob(tx, clock, {
      kind: "ingestion.run",
      payload: { projectId: project.id, importRun: taken },
      requestedBy: userIdOf(actor) ?? undefined,
    });
    await setImportJob(tx, project.id, taken, jobRunId);
    await appendAuditLog(tx, {
      actor,
      projectId: project.id,
      action: "imports.start",
      target: taken,
      details: { fileName: upload.fileName, sizeBytes: upload.sizeBytes, format: sample.format.id },
      at: now,
    });
    await notifyProject(tx, project.id, "imports");
    return taken;
  });
  return getImport(ctx, { number });
}
