import { getServerParts } from "@/server/api/context";
import { answerHealth } from "@/server/api/rest/health";

/** Asked at each call, never at build time. */
export const dynamic = "force-dynamic";

export function GET(): Promise<Response> {
  return answerHealth(getServerParts());
}
