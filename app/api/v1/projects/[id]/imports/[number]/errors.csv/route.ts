import { getImportErrors, restRoute } from "@/server/api/rest";

export const GET = restRoute(["read", "ingest"], getImportErrors);
