import type { Credential } from "@/server/auth";
import { hashToken, signSessionCookie } from "@/server/auth";
import type { MadeProject, MadeUser } from "../harness/factories";
import { makeMember, makeProject, makeUser } from "../harness/factories";
import type { TestContext } from "../harness/testContext";
import { makeKey } from "./webServer";

/** Every kind of caller there is, of which the last five once were somebody. */
const PEOPLE = ["administrator", "lead", "reviewer", "annotator", "outsider"] as const;
const KEYS = ["ingestKey", "readKey", "exportKey", "foreignKey"] as const;
const LOST = ["disabled", "removed", "expiredSession", "revokedKey", "expiredKey"] as const;
export const CALLERS = ["anonymous", ...PEOPLE, ...KEYS, ...LOST] as const;
export type Caller = (typeof CALLERS)[number];

export const EVERYONE: Caller[] = ["anonymous", ...PEOPLE, ...KEYS, "removed"];
export const SIGNED_IN: Caller[] = [...PEOPLE, "removed"];
export const ANY_ACTOR: Caller[] = [...PEOPLE, ...KEYS, "removed"];
/** Who is nobody: no credential, or one that is not good any more. */
export const NOBODY: Caller[] = ["anonymous", "disabled", "expiredSession", "revokedKey", "expiredKey"];
/** Who is somebody, but not in this project. */
export const FOREIGN: Caller[] = ["outsider", "removed", "foreignKey"];

export interface ShownCredential {
  credential: Credential;
  /** How it travels. */
  headers(publicUrl: string, sessionSecret: string): Record<string, string>;
}

/** Makes a project with one caller of each kind. */
export async function makeCallers(
  context: TestContext,
): Promise<{ project: MadeProject; callers: Record<Caller, ShownCredential> }> {
  const project = await makeProject(context.db);
  const other = await makeProject(context.db);
  const all = ["ingest", "read", "export"];
  const now = context.clock.now();

  async function session(user: MadeUser, lasts = "7 days"): Promise<ShownCredential> {
    const token = `token-${user.id}`;
    await context.db.query(
      `insert into session (id, token, user_id, expires_at, created_at, updated_at)
       values ($1, $1, $2, $3::timestamptz + $4::interval, now(), now())`,
      [token, user.id, now, lasts],
    );
    return {
      credential: { kind: "session", token },
      headers: (publicUrl, sessionSecret) => ({
        cookie: signSessionCookie(token, { publicUrl, sessionSecret }),
        origin: publicUrl,
      }),
    };
  }
  async function key(projectId: number, scopes: string[], options = {}): Promise<ShownCredential> {
    const made = await makeKey(context, projectId, scopes, options);
    return {
      credential: { kind: "key", keyHash: hashToken(made.key) },
      headers: () => ({ authorization: `Bearer ${made.key}` }),
    };
  }
  async function member(role: "lead" | "reviewer" | "annotator"): Promise<MadeUser> {
    const user = await makeUser(context.db);
    await makeMember(context.db, project.id, user.id, role);
    return user;
  }

  const disabled = await member("lead");
  await context.db.query(`update "user" set disabled_at = now(), role = 'administrator' where id = $1`, [disabled.id]);
  const removed = await member("lead");
  await context.db.query("delete from project_member where user_id = $1", [removed.id]);
  const callers: Record<Caller, ShownCredential> = {
    anonymous: { credential: { kind: "anonymous" }, headers: () => ({}) },
    administrator: await session(await makeUser(context.db, { role: "administrator" })),
    lead: await session(await member("lead")),
    reviewer: await session(await member("reviewer")),
    annotator: await session(await member("annotator")),
    outsider: await session(other.lead),
    ingestKey: await key(project.id, ["ingest"]),
    readKey: await key(project.id, ["read"]),
    exportKey: await key(project.id, ["export"]),
    foreignKey: await key(other.id, all),
    disabled: await session(disabled),
    removed: await session(removed),
    expiredSession: await session(await member("lead"), "0 seconds"),
    revokedKey: await key(project.id, all, { revokedAt: now }),
    expiredKey: await key(project.id, all, { expiresAt: now }),
  };
  return { project, callers };
}
