import type { ServerParts } from "../context";
import { jsonResponse } from "./responses";

const TIMEOUT_MS = 2_000;

/** Whether the web process and its database answer. Tells nothing about the instance; open to everyone. */
export async function answerHealth({ db }: Pick<ServerParts, "db">): Promise<Response> {
  const timeout = new Promise<false>((resolve) => setTimeout(() => resolve(false), TIMEOUT_MS).unref());
  const database = db.query("select 1").then(
    () => true,
    () => false,
  );
  const isUp = await Promise.race([database, timeout]);
  return jsonResponse({ status: isUp ? "ok" : "degraded", database: isUp ? "ok" : "unreachable" }, isUp ? 200 : 503);
}
