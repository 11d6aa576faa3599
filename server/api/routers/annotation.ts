import { z } from "zod";
import { LIMITS } from "@/contracts/limits";
import { draftInput, flagInput, submitInput, undoInput } from "@/contracts/queue";
import {
  flagItem,
  listFlags,
  readHistory,
  resolveFlag,
  saveDraft,
  submitAnnotation,
  undoAnnotation,
} from "../../annotation";
import { projectProcedure, router } from "../trpc";

const HISTORY_ROWS = 50;

export const annotationRouter = router({
  /** Accepts a label or a skip once; a repeat returns the first answer. */
  submit: projectProcedure("annotate")
    .input(submitInput)
    .mutation(({ ctx, input }) => submitAnnotation(ctx, input)),
  /** Withdraws one of the caller's last answers and gives the item back. */
  undo: projectProcedure("annotate")
    .input(undoInput)
    .mutation(({ ctx, input }) => undoAnnotation(ctx, input)),
  /** The caller's newest answers. */
  history: projectProcedure("annotate")
    .input(z.object({ limit: z.int().min(1).max(LIMITS.pageRows).default(HISTORY_ROWS) }))
    .query(({ ctx, input }) => readHistory(ctx, input.limit)),
  /** Keeps an unfinished answer. */
  saveDraft: projectProcedure("annotate")
    .input(draftInput)
    .mutation(({ ctx, input }) => saveDraft(ctx, input)),
  /** Raises a flag on an item. */
  flag: projectProcedure("annotate")
    .input(flagInput)
    .mutation(({ ctx, input }) => flagItem(ctx, input)),
  /** The project's flags, open ones first. */
  flags: projectProcedure("read")
    .input(z.object({ cursor: z.string().max(500).optional(), limit: z.int().min(1).max(LIMITS.pageRows).default(50) }))
    .query(({ ctx, input }) => listFlags(ctx, input)),
  /** Marks a flag as dealt with. */
  resolveFlag: projectProcedure("review")
    .input(z.object({ id: z.uuid() }))
    .mutation(({ ctx, input }) => resolveFlag(ctx, input.id)),
});
