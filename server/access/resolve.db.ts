import type { ApiScope, InstanceRole, ProjectRole } from "@/contracts/permissions";
import type { Db } from "../db";

/** The person or key behind a credential, as the database knows it now. */
export interface UserFacts {
  id: string;
  name: string;
  role: InstanceRole;
  disabledAt: Date | null;
  sessionExpiresAt: Date | null;
}
export interface KeyFacts {
  id: string;
  name: string;
  projectId: number;
  scopes: ApiScope[];
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  projectDeleted: boolean;
}
export interface ProjectFacts {
  projectId: number | null;
  version: string | null;
  memberRole: ProjectRole | null;
  frozenAt: Date | null;
}

/** By number or by address; neither: the caller is looked up alone. */
export type ProjectRef = { projectId: number } | { slug: string } | null;

const USER_COLUMNS = `u.id, u.name, u.role, u.disabled_at as "disabledAt"`;
const PROJECT_COLUMNS = `p.id as "projectId", p.xmin::text as version, m.role as "memberRole", m.frozen_at as "frozenAt"`;
const NO_PROJECT_COLUMNS = `null::int as "projectId", null::text as version, null::text as "memberRole", null::timestamptz as "frozenAt"`;

// Which project: the only text that varies, chosen from this list, never built from input.
const PROJECT_JOIN = {
  id: "left join project p on p.id = $2 and p.deleted_at is null",
  slug: "left join project p on p.slug = $2 and p.deleted_at is null",
} as const;
const MEMBER_JOIN = "left join project_member m on m.project_id = p.id and m.user_id = u.id";

function refParts(ref: ProjectRef): { by: "id" | "slug" | "none"; values: unknown[] } {
  if (ref === null) return { by: "none", values: [] };
  return "slug" in ref ? { by: "slug", values: [ref.slug] } : { by: "id", values: [ref.projectId] };
}

function projectPart(by: "id" | "slug" | "none"): { columns: string; joins: string } {
  if (by === "none") return { columns: NO_PROJECT_COLUMNS, joins: "" };
  return { columns: PROJECT_COLUMNS, joins: `${PROJECT_JOIN[by]} ${MEMBER_JOIN}` };
}

/** Session, person, project and membership in one statement of index look-ups. */
export async function selectBySession(
  db: Db,
  token: string,
  ref: ProjectRef,
): Promise<(UserFacts & ProjectFacts) | undefined> {
  const { by, values } = refParts(ref);
  const part = projectPart(by);
  const { rows } = await db.query<UserFacts & ProjectFacts>({
    name: `winnow_access_session_${by}`,
    text: `select ${USER_COLUMNS}, s.expires_at as "sessionExpiresAt", ${part.columns}
           from session s join "user" u on u.id = s.user_id ${part.joins} where s.token = $1`,
    values: [token, ...values],
  });
  return rows[0];
}

/** The same for a person who acts from inside the process. */
export async function selectByUser(
  db: Db,
  userId: string,
  ref: ProjectRef,
): Promise<(UserFacts & ProjectFacts) | undefined> {
  const { by, values } = refParts(ref);
  const part = projectPart(by);
  const { rows } = await db.query<UserFacts & ProjectFacts>({
    name: `winnow_access_user_${by}`,
    text: `select ${USER_COLUMNS}, null::timestamptz as "sessionExpiresAt", ${part.columns}
           from "user" u ${part.joins} where u.id = $1`,
    values: [userId, ...values],
  });
  return rows[0];
}

const KEY_COLUMNS = `k.id, k.name, k.project_id as "keyProjectId", k.scopes, k.expires_at as "expiresAt",
  k.revoked_at as "revokedAt", k.last_used_at as "lastUsedAt", kp.deleted_at is not null as "projectDeleted"`;

/** The key, and the project asked for if it is the key's own. */
export async function selectByKey(
  db: Db,
  keyHash: string,
  ref: ProjectRef,
): Promise<(KeyFacts & ProjectFacts) | undefined> {
  const { by, values } = refParts(ref);
  const match = by === "none" ? "false" : by === "slug" ? "kp.slug = $2" : "kp.id = $2";
  const { rows } = await db.query<Omit<KeyFacts, "projectId"> & { keyProjectId: number } & ProjectFacts>({
    name: `winnow_access_key_${by}`,
    text: `select ${KEY_COLUMNS},
             case when ${match} and kp.deleted_at is null then kp.id end as "projectId", kp.xmin::text as version,
             null::text as "memberRole", null::timestamptz as "frozenAt"
           from api_key k join project kp on kp.id = k.project_id where k.key_hash = $1`,
    values: [keyHash, ...values],
  });
  if (!rows[0]) return undefined;
  const { keyProjectId, projectId, ...rest } = rows[0];
  return { ...rest, projectId: keyProjectId, version: projectId === null ? null : rest.version };
}

/** The project alone, for the instance itself. */
export async function selectProjectVersion(db: Db, ref: ProjectRef): Promise<ProjectFacts | undefined> {
  const { by, values } = refParts(ref);
  if (by === "none") return undefined;
  const { rows } = await db.query<ProjectFacts>({
    name: `winnow_access_system_${by}`,
    text: `select p.id as "projectId", p.xmin::text as version, null::text as "memberRole", null::timestamptz as "frozenAt"
           from project p where p.${by} = $1 and p.deleted_at is null`,
    values,
  });
  return rows[0];
}

/** Keeps "last used" roughly right without a write per request. */
export async function touchApiKey(db: Db, keyId: string, at: Date, staleBefore: Date): Promise<void> {
  await db.query("update api_key set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $3)", [
    keyId,
    at,
    staleBefore,
  ]);
}
