import {
  deleteItemsInput,
  ingestEmbeddingsInput,
  ingestItemsInput,
  ingestPredictionsInput,
} from "@/contracts/ingestion";
import { attachEmbeddings, attachPredictions, deleteItems, ingestItems } from "../../ingestion";
import { projectProcedure, router } from "../trpc";

export const ingestRouter = router({
  /** Adds up to 5,000 items, all or none, or row by row; again is once, by external id. */
  items: projectProcedure("ingest")
    .input(ingestItemsInput)
    .mutation(({ ctx, input }) => ingestItems(ctx, input)),
  /** Attaches vectors (base64 of little-endian float32) to items. */
  embeddings: projectProcedure("ingest")
    .input(ingestEmbeddingsInput)
    .mutation(({ ctx, input }) => attachEmbeddings(ctx, input)),
  /** Attaches an outside model's class probabilities to items. */
  predictions: projectProcedure("ingest")
    .input(ingestPredictionsInput)
    .mutation(({ ctx, input }) => attachPredictions(ctx, input)),
  /** Deletes items with their content; their annotations stay in the log. */
  deleteItems: projectProcedure("ingest")
    .input(deleteItemsInput)
    .mutation(({ ctx, input }) => deleteItems(ctx, input)),
});
