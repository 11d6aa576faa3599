import { getRoundArray, restRoute } from "@/server/api/rest";

export const GET = restRoute("export", getRoundArray);
