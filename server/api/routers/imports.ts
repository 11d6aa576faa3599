import { z } from "zod";
import { previewImportInput, startImportInput } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { cancelImport, getImport, listImportErrors, listImports, previewImport, startImport } from "../../ingestion";
import { projectProcedure, router } from "../trpc";

const importNumber = z.object({ number: z.int().min(1) });
const pageAfterNumber = z.object({
  cursor: z
    .string()
    .regex(/^[0-9]{1,9}$/, "the nextCursor of an earlier page")
    .nullish(),
  limit: z.int().min(1).max(LIMITS.pageRows).default(50),
});

export const importsRouter = router({
  /** What an uploaded file holds, its first rows, and a mapping that fits. */
  preview: projectProcedure("ingest")
    .input(previewImportInput)
    .query(({ ctx, input }) => previewImport(ctx, input)),
  /** Queues the import of an uploaded file. */
  start: projectProcedure("ingest")
    .input(startImportInput)
    .mutation(({ ctx, input }) => startImport(ctx, input)),
  /** Stops an import; items taken before stay. */
  cancel: projectProcedure("ingest")
    .input(importNumber)
    .mutation(({ ctx, input }) => cancelImport(ctx, input)),
  /** The project's imports, newest first. */
  list: projectProcedure("read", "ingest")
    .input(pageAfterNumber)
    .query(({ ctx, input }) => listImports(ctx, { ...input, cursor: input.cursor ?? undefined })),
  /** One import: state, progress, counts. */
  get: projectProcedure("read", "ingest")
    .input(importNumber)
    .query(({ ctx, input }) => getImport(ctx, input)),
  /** Refused records of an import, in the order of the file. */
  errors: projectProcedure("read", "ingest")
    .input(importNumber.extend(pageAfterNumber.shape))
    .query(({ ctx, input }) => listImportErrors(ctx, { ...input, cursor: input.cursor ?? undefined })),
});
