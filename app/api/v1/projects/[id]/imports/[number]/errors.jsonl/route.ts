import { getImportErrorLines, restRoute } from "@/server/api/rest";

export const GET = restRoute(["read", "ingest"], getImportErrorLines);
