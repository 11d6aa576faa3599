import { postPredictions, restRoute } from "@/server/api/rest";

export const POST = restRoute("ingest", postPredictions);
