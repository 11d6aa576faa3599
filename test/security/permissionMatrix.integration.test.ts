import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCaller } from "@/server/api/caller";
import { appRouter } from "@/server/api/root";
import type { Credential } from "@/server/auth";
import { hashToken } from "@/server/auth";
import type { MadeProject, MadeUser } from "../harness/factories";
import { makeMember, makeProject, makeUser } from "../harness/factories";
import type { TestContext } from "../harness/testContext";
import { createTestContext } from "../harness/testContext";
import { makeKey } from "./webServer";

/**
 * Who may call what, written by hand from the specification and not from the permission table of the product: every
 * procedure × every kind of caller is called, and a procedure without a line here fails.
 */
const PEOPLE = ["administrator", "lead", "reviewer", "annotator", "outsider"] as const;
const KEYS = ["ingestKey", "readKey", "exportKey", "foreignKey"] as const;
const LOST = ["disabled", "removed", "expiredSession", "revokedKey", "expiredKey"] as const;
const CALLERS = ["anonymous", ...PEOPLE, ...KEYS, ...LOST] as const;
type Caller = (typeof CALLERS)[number];

const EVERYONE: Caller[] = ["anonymous", ...PEOPLE, ...KEYS, "removed"];
const SIGNED_IN: Caller[] = [...PEOPLE, "removed"];
const ANY_ACTOR: Caller[] = [...PEOPLE, ...KEYS, "removed"];
const ADMINISTRATORS: Caller[] = ["administrator"];
const VIEW: Caller[] = ["administrator", "lead", "reviewer", "annotator", "ingestKey", "readKey", "exportKey"];
const ANNOTATE: Caller[] = ["administrator", "lead", "reviewer", "annotator"];
const READ: Caller[] = ["administrator", "lead", "reviewer", "readKey"];
const READ_OR_INGEST: Caller[] = ["administrator", "lead", "reviewer", "readKey", "ingestKey"];
const REVIEW: Caller[] = ["administrator", "lead", "reviewer"];
const INGEST: Caller[] = ["administrator", "lead", "ingestKey"];
const EXPORT: Caller[] = ["administrator", "lead", "exportKey"];
const MANAGE: Caller[] = ["administrator", "lead"];

const MATRIX: Record<string, Caller[]> = {
  "access.state": EVERYONE,
  "access.completeSetup": EVERYONE,
  "access.me": SIGNED_IN,
  "access.listUsers": ADMINISTRATORS,
  "access.setUserDisabled": ADMINISTRATORS,
  "access.setUserRole": ADMINISTRATORS,
  "invitation.peek": EVERYONE,
  "invitation.accept": EVERYONE,
  "invitation.list": MANAGE,
  "invitation.create": MANAGE,
  "invitation.revoke": MANAGE,
  "member.list": MANAGE,
  "member.setRole": MANAGE,
  "member.remove": MANAGE,
  "member.freeze": MANAGE,
  "apiKey.list": MANAGE,
  "apiKey.create": MANAGE,
  "apiKey.revoke": MANAGE,
  "auditLog.list": MANAGE,
  "auditLog.listInstance": ADMINISTRATORS,
  "project.list": SIGNED_IN,
  "project.get": VIEW,
  "project.create": SIGNED_IN,
  "project.update": MANAGE,
  "project.updateGuidelines": MANAGE,
  "project.setStatus": MANAGE,
  "project.updateStrategy": MANAGE,
  "project.delete": MANAGE,
  "project.strategies": ANY_ACTOR,
  "project.trainers": ANY_ACTOR,
  "ingest.items": INGEST,
  "ingest.embeddings": INGEST,
  "ingest.predictions": INGEST,
  "ingest.deleteItems": INGEST,
  "imports.preview": INGEST,
  "imports.start": INGEST,
  "imports.cancel": INGEST,
  "imports.list": READ_OR_INGEST,
  "imports.get": READ_OR_INGEST,
  "imports.errors": READ_OR_INGEST,
  "item.list": READ,
  "item.get": READ,
  "item.setStatus": REVIEW,
  "queue.claim": ANNOTATE,
  "queue.renew": ANNOTATE,
  "queue.release": ANNOTATE,
  "queue.status": MANAGE,
  "queue.releaseAll": MANAGE,
  "queue.refill": MANAGE,
  "annotation.submit": ANNOTATE,
  "annotation.undo": ANNOTATE,
  "annotation.history": ANNOTATE,
  "annotation.saveDraft": ANNOTATE,
  "annotation.flag": ANNOTATE,
  "annotation.flags": READ,
  "annotation.resolveFlag": REVIEW,
  "model.list": READ,
  "model.get": READ,
  "model.activate": MANAGE,
  "model.unpin": MANAGE,
  "model.retrain": MANAGE,
  "round.get": READ,
  "round.manifest": EXPORT,
  "job.list": READ,
  "job.get": READ,
  "job.cancel": MANAGE,
  "job.retry": MANAGE,
  "dashboard.overview": READ,
  "dashboard.learningCurve": READ,
  "dashboard.throughput": READ,
  "dashboard.classBalance": READ,
  "dashboard.annotators": READ,
  "dashboard.rounds": READ,
  "dashboard.selectionWorks": READ,
  "dashboard.progress": READ,
  "dashboard.comparable": READ,
  "dashboard.comparison": READ,
  "demo.list": SIGNED_IN,
  "demo.create": ADMINISTRATORS,
  "demo.simulate": MANAGE,
  "events.project": VIEW,
};

type Procedures = Record<string, { _def: { type: string } }>;
const procedures = (appRouter as unknown as { _def: { procedures: Procedures } })._def.procedures;

let context: TestContext;
let project: MadeProject;
let invitationId: string;
const credentials = {} as Record<Caller, Credential>;

async function session(user: MadeUser, lasts = "7 days"): Promise<Credential> {
  const token = `token-${user.id}`;
  await context.db.query(
    `insert into session (id, token, user_id, expires_at, created_at, updated_at)
     values ($1, $1, $2, $3::timestamptz + $4::interval, now(), now())`,
    [token, user.id, context.clock.now(), lasts],
  );
  return { kind: "session", token };
}
async function key(
  projectId: number,
  scopes: string[],
  options: Parameters<typeof makeKey>[3] = {},
): Promise<Credential> {
  return { kind: "key", keyHash: hashToken((await makeKey(context, projectId, scopes, options)).key) };
}
async function member(role: "lead" | "reviewer" | "annotator"): Promise<MadeUser> {
  const user = await makeUser(context.db);
  await makeMember(context.db, project.id, user.id, role);
  return user;
}

beforeAll(async () => {
  context = await createTestContext();
  project = await makeProject(context.db);
  const other = await makeProject(context.db);
  const all = ["ingest", "read", "export"];
  credentials.anonymous = { kind: "anonymous" };
  credentials.administrator = await session(await makeUser(context.db, { role: "administrator" }));
  for (const role of ["lead", "reviewer", "annotator"] as const) credentials[role] = await session(await member(role));
  credentials.outsider = await session(other.lead);
  credentials.ingestKey = await key(project.id, ["ingest"]);
  credentials.readKey = await key(project.id, ["read"]);
  credentials.exportKey = await key(project.id, ["export"]);
  credentials.foreignKey = await key(other.id, all);
  const disabled = await member("lead");
  await context.db.query(`update "user" set disabled_at = now(), role = 'administrator' where id = $1`, [disabled.id]);
  credentials.disabled = await session(disabled);
  const removed = await member("lead");
  await context.db.query("delete from project_member where user_id = $1", [removed.id]);
  credentials.removed = await session(removed);
  credentials.expiredSession = await session(await member("lead"), "0 seconds");
  credentials.revokedKey = await key(project.id, all, { revokedAt: context.clock.now() });
  credentials.expiredKey = await key(project.id, all, { expiresAt: context.clock.now() });
  invitationId = crypto.randomUUID();
  await context.db.query(
    `insert into invitation (id, token_hash, project_id, project_role, created_by, expires_at)
     values ($1::uuid, $1::text, $2, 'lead', 'x', now() + interval '1 day')`,
    [invitationId, project.id],
  );
});
afterAll(() => context.cleanup());

const GUARD_NOT_FOUND = /There is no such project|nothing with this id, or it is not yours/;

/**
 * "in": the ladder let the call through (the input is incomplete on purpose, so that most end there). Otherwise the code
 * of the refusal.
 */
async function attempt(path: string, caller: Caller): Promise<string> {
  const [routerName, name] = path.split(".");
  const api = createCaller({ ...context, credential: credentials[caller] }) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >;
  // Only what the ladder itself reads; everything beyond it is missing or of the wrong type.
  const input = path === "invitation.revoke" ? { id: invitationId } : { projectId: project.id };
  const extra = path === "invitation.revoke" ? {} : { rows: "x", number: "x", limit: "x", name: 7, token: 7 };
  try {
    const result = await api[routerName][name]({ ...input, ...extra });
    await (result as AsyncGenerator | undefined)?.return?.(undefined);
    return "in";
  } catch (error) {
    const { code, message } = (error as { cause: { code: string; message: string } }).cause;
    if (code === "E_UNAUTHENTICATED" || code === "E_FORBIDDEN") return code;
    return code === "E_NOT_FOUND" && GUARD_NOT_FOUND.test(message) ? code : "in";
  }
}

function refusalOf(caller: Caller, path: string): string {
  if (["anonymous", "disabled", "expiredSession", "revokedKey", "expiredKey"].includes(caller))
    return "E_UNAUTHENTICATED";
  const isForeign = ["outsider", "removed", "foreignKey"].includes(caller);
  const isOfProject = ![SIGNED_IN, ANY_ACTOR, ADMINISTRATORS, EVERYONE].includes(MATRIX[path]);
  return isForeign && isOfProject ? "E_NOT_FOUND" : "E_FORBIDDEN";
}

describe("who may call what", () => {
  test("every procedure has its line", () => {
    expect(Object.keys(procedures).filter((path) => !(path in MATRIX))).toEqual([]);
  });

  test.each(Object.keys(MATRIX).filter((path) => path in procedures))("%s", async (path) => {
    const expected: Record<string, string> = {};
    const got: Record<string, string> = {};
    for (const caller of CALLERS) {
      // A session or account that is no good any more is nobody to what is open to everyone; a bad key is always refused.
      const isNobody = (caller === "disabled" || caller === "expiredSession") && MATRIX[path] === EVERYONE;
      expected[caller] = isNobody || MATRIX[path].includes(caller) ? "in" : refusalOf(caller, path);
      got[caller] = await attempt(path, caller);
      if (path === "invitation.revoke") {
        await context.db.query("update invitation set revoked_at = null where id = $1", [invitationId]);
      }
    }
    expect(got).toEqual(expected);
  });
});
