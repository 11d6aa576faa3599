import { postUpload, restRoute } from "@/server/api/rest";

export const POST = restRoute("ingest", postUpload);
