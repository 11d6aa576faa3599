import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCaller } from "@/server/api/caller";
import { appRouter } from "@/server/api/root";
import type { MadeProject } from "../harness/factories";
import type { TestContext } from "../harness/testContext";
import { createTestContext } from "../harness/testContext";
import type { Caller, ShownCredential } from "./callers";
import { ANY_ACTOR, CALLERS, EVERYONE, FOREIGN, makeCallers, NOBODY, SIGNED_IN } from "./callers";

/**
 * Who may call what, written by hand from the specification and not from the permission table of the product: every
 * procedure × every kind of caller is called, and a procedure without a line here fails.
 */
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
  "access.createPasswordReset": ADMINISTRATORS,
  "access.peekPasswordReset": EVERYONE,
  "access.resetPassword": EVERYONE,
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
  "project.creation": SIGNED_IN,
  "project.setCreation": ADMINISTRATORS,
  "project.update": MANAGE,
  "project.updateGuidelines": MANAGE,
  "project.setStatus": MANAGE,
  "project.updateStrategy": MANAGE,
  "project.delete": MANAGE,
  "strategy.guidance": READ,
  "strategy.requestPreview": MANAGE,
  "strategy.preview": READ,
  "strategy.tailor": READ,
  "strategy.ldm": READ,
  "strategy.auditComparison": READ,
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
  "queue.leave": ANNOTATE,
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
let callers: Record<Caller, ShownCredential>;
let invitationId: string;

beforeAll(async () => {
  context = await createTestContext();
  ({ project, callers } = await makeCallers(context));
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
  const api = createCaller({ ...context, credential: callers[caller].credential }) as unknown as Record<
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
  if (NOBODY.includes(caller)) return "E_UNAUTHENTICATED";
  const isOfProject = ![SIGNED_IN, ANY_ACTOR, ADMINISTRATORS, EVERYONE].includes(MATRIX[path]);
  return FOREIGN.includes(caller) && isOfProject ? "E_NOT_FOUND" : "E_FORBIDDEN";
}

describe("who may call what", () => {
  test("every procedure has its line, and every line its procedure", () => {
    expect(Object.keys(procedures).sort()).toEqual(Object.keys(MATRIX).sort());
  });

  test.each(Object.keys(MATRIX))("%s", async (path) => {
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
