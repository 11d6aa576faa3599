import { z } from "zod";
import { listItemsInput } from "@/contracts/items";
import { LIMITS } from "@/contracts/limits";
import { getItem, listItems, setStatus } from "../../items";
import { projectProcedure, router } from "../trpc";

const rowNumber = z.int().min(0);

export const itemRouter = router({
  /** One page of items: searched, filtered, sorted. */
  list: projectProcedure("read")
    .input(listItemsInput)
    .query(({ ctx, input }) => listItems(ctx, input)),
  /** One item with its annotations, why it was served, suggestion, flags and copies. */
  get: projectProcedure("read")
    .input(z.object({ row: rowNumber }))
    .query(({ ctx, input }) => getItem(ctx, input)),
  /** Excludes items from labeling, or takes them back. */
  setStatus: projectProcedure("review")
    .input(z.object({ rows: z.array(rowNumber).min(1).max(LIMITS.ingestRows), status: z.enum(["open", "excluded"]) }))
    .mutation(({ ctx, input }) => setStatus(ctx, input)),
});
