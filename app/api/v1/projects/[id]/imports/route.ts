import { postImport, restRoute } from "@/server/api/rest";

export const POST = restRoute("ingest", postImport);
