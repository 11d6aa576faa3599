import { postEmbeddings, restRoute } from "@/server/api/rest";

export const POST = restRoute("ingest", postEmbeddings);
