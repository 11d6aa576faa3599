import { getExport, restRoute } from "@/server/api/rest";

export const GET = restRoute("export", getExport);
