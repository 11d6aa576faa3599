import type { Actor } from "../auth";
import type { Db } from "../db";
import { insertAuditEntry } from "./audit.db";

/** Longest details of one entry, as JSON characters; longer ones are replaced by their keys. */
const DETAILS_LENGTH_MAX = 8_192;

export interface AuditEntry {
  actor: Actor;
  /** Null for what concerns the whole instance. */
  projectId: number | null;
  /** The procedure or job that did it, e.g. "project.updateStrategy". */
  action: string;
  /** What it was done to: a user id, an item row, a model version. */
  target?: string | number | null;
  /** Facts that explain it; never secrets, never whole payloads. */
  details?: Record<string, unknown>;
  /** Default: the database's time of the transaction. */
  at?: Date;
}

function detailsJson(details: Record<string, unknown>): string {
  const json = JSON.stringify(details).replaceAll("\\u0000", "\\ufffd");
  if (json.length <= DETAILS_LENGTH_MAX) return json;
  return JSON.stringify({ omitted: `${json.length} characters`, keys: Object.keys(details).slice(0, 50) });
}

/**
 * Writes one line of the audit log in the caller's transaction: rolled back work leaves none. The table refuses updates
 * and deletes.
 */
export async function appendAuditLog(tx: Db, entry: AuditEntry): Promise<void> {
  const { actor } = entry;
  await insertAuditEntry(tx, {
    projectId: entry.projectId,
    actorKind: actor.kind,
    actorId: actor.id ?? null,
    actorName: actor.kind === "system" ? null : actor.name,
    action: entry.action,
    target: entry.target === undefined || entry.target === null ? null : String(entry.target),
    details: detailsJson(entry.details ?? {}),
    at: entry.at ?? null,
  });
}
