import { getManifest, restRoute } from "@/server/api/rest";

export const GET = restRoute("export", getManifest);
