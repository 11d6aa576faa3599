import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { ApiKeyRow, createApiKeyInput } from "@/contracts/access";
import type { ApiScope } from "@/contracts/permissions";
import { appendAuditLog } from "../audit";
import type { Actor } from "../auth";
import { makeApiKey, userIdOf } from "../auth";
import type { Clock } from "../clock";
import type { Db, Pool } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { countLiveKeys, insertApiKey, markKeyRevoked, selectApiKeys } from "./apiKeys.db";

/** Keys that work at the same time in one project. */
export const LIVE_KEYS_MAX = 100;
/** Keys shown; the ones that work come first. */
const KEYS_SHOWN_MAX = 500;

interface KeyContext {
  db: Pool;
  clock: Clock;
  actor: Actor;
}

export interface CreatedApiKey {
  id: string;
  /** The whole key: in this answer and nowhere else. */
  key: string;
  name: string;
  prefix: string;
  scopes: ApiScope[];
  expiresAt: string | null;
}

/** Makes a key for one project. Its SHA-256 is stored, the key itself never. */
export async function createApiKey(
  { db, clock, actor }: KeyContext,
  input: z.infer<typeof createApiKeyInput>,
): Promise<CreatedApiKey> {
  const { projectId, name } = input;
  const at = clock.now();
  const scopes = [...new Set(input.scopes)];
  const expiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
  if (expiresAt !== null && expiresAt <= at) {
    throw new AppError("E_BAD_INPUT", `expiresAt: expected a time in the future, got ${input.expiresAt}.`, {
      details: { field: "expiresAt" },
    });
  }
  const { key, hash, prefix } = makeApiKey();
  const id = randomUUID();
  await withTransaction(db, async (tx) => {
    if ((await countLiveKeys(tx, projectId, at)) >= LIVE_KEYS_MAX) {
      throw new AppError("E_CONFLICT", `This project has ${LIVE_KEYS_MAX} API keys. Revoke one first.`);
    }
    const createdBy = userIdOf(actor) ?? actor.kind;
    await insertApiKey(tx, {
      id,
      projectId,
      name,
      prefix,
      keyHash: hash,
      scopes,
      createdBy,
      createdAt: at,
      expiresAt,
    });
    await appendAuditLog(tx, {
      actor,
      projectId,
      action: "apiKey.create",
      target: id,
      details: { name, scopes, prefix, expiresAt: expiresAt?.toISOString() ?? null },
      at,
    });
  });
  return { id, key, name, prefix, scopes, expiresAt: expiresAt?.toISOString() ?? null };
}

/** Ends a key at once. Called again: E_NOT_FOUND, as for a key of another project. */
export async function revokeApiKey(
  { db, clock, actor }: KeyContext,
  input: { projectId: number; id: string },
): Promise<{ id: string }> {
  const { projectId, id } = input;
  await withTransaction(db, async (tx) => {
    const at = clock.now();
    if (!(await markKeyRevoked(tx, projectId, id, at))) {
      throw new AppError("E_NOT_FOUND", "There is no working API key with this id in the project.");
    }
    await appendAuditLog(tx, { actor, projectId, action: "apiKey.revoke", target: id, at });
  });
  return { id };
}

/** The project's keys, working ones first; never the keys themselves. */
export async function listApiKeys({ db }: { db: Db }, input: { projectId: number }): Promise<{ rows: ApiKeyRow[] }> {
  return { rows: await selectApiKeys(db, input.projectId, KEYS_SHOWN_MAX) };
}
