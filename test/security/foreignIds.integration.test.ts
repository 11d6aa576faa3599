import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCaller } from "@/server/api/caller";
import { appRouter } from "@/server/api/root";
import { makeApiKey } from "@/server/auth";
import type { MadeProject, MadeUser } from "../harness/factories";
import { makeAnnotations, makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "../harness/factories";
import type { TestContext } from "../harness/testContext";
import { createTestContext } from "../harness/testContext";

/**
 * Someone who leads one project names the ids of another project's things: nothing is told about them and nothing is
 * done to them. The other project's rows in all tables are compared before and after each call.
 */
let context: TestContext;
let mine: MadeProject;
let other: MadeProject;
let annotator: MadeUser;
const ids = { flag: "", job: "", key: "", invitation: "", lease: "", submission: "", upload: "" };

beforeAll(async () => {
  context = await createTestContext();
  mine = await makeProject(context.db);
  other = await makeProject(context.db);
  annotator = await makeUser(context.db);
  await makeMember(context.db, other.id, annotator.id, "annotator");
  // Mine is empty, so that every row, version and number below is the other project's alone.
  const rows = await makeItems(context.db, other.id, 4);
  await makeQueueEntries(context.db, other.id, rows);
  await makeAnnotations(context.db, other.id, [{ row: 3, label: "yes", annotatorId: annotator.id }]);
  const theirs = createCaller({ ...context, actor: { kind: "user", ...annotator, role: "member" } });
  const claimed = await theirs.queue.claim({ projectId: other.id, tab: "t", n: 1 });
  ids.lease = claimed.entries[0].leaseToken;
  ids.flag = (await theirs.annotation.flag({ projectId: other.id, row: 3, comment: "?" })).id;
  ids.submission = randomUUID();
  await theirs.annotation.submit({
    projectId: other.id,
    submissionId: ids.submission,
    leaseToken: ids.lease,
    row: claimed.entries[0].row,
    kind: "label",
    value: { choice: "yes" },
  });
  ids.lease = (await theirs.queue.claim({ projectId: other.id, tab: "t", n: 1 })).entries[0].leaseToken;
  const { hash, prefix } = makeApiKey();
  ids.key = randomUUID();
  ids.job = randomUUID();
  ids.invitation = randomUUID();
  ids.upload = randomUUID();
  await context.db.query(
    `insert into api_key (id, project_id, name, prefix, key_hash, scopes, created_by) values ($1, $2, 'k', $3, $4, '{read}', 'x')`,
    [ids.key, other.id, prefix, hash],
  );
  await context.db.query(
    `insert into job_run (id, project_id, kind, state, payload) values ($1, $2, 'features.build', 'failed', '{}')`,
    [ids.job, other.id],
  );
  await context.db.query(
    `insert into invitation (id, token_hash, project_id, project_role, created_by, expires_at)
     values ($1::uuid, $1::text, $2, 'lead', 'x', now() + interval '1 day')`,
    [ids.invitation, other.id],
  );
  await context.db.query(
    `insert into import_run (project_id, number, file_name, format, blob_key, size_bytes, mapping, state, created_by)
     values ($1, 1, 'a.csv', 'csv', 'x', 1, '{}', 'running', 'x')`,
    [other.id],
  );
  await context.db.query(
    `insert into import_error (project_id, import_run, number, line, code, message, excerpt) values ($1, 1, 1, 2, 'x', 'x', 'x')`,
    [other.id],
  );
  await context.db.query(
    `insert into round (project_id, number, generation, strategy_spec, spec_hash, seed, label_seq, n_candidates, n_picked,
       status, report, manifest_key, trigger, started_at, finished_at, duration_ms)
     values ($1, 1, 1, '{}', 'x', 'x', 0, 1, 1, 'ok', '{}', 'x', 'manual', now(), now(), 1)`,
    [other.id],
  );
  await context.db.query(
    `insert into model_version (project_id, version, trainer, state, trained_through_seq, n_train, seed, params, classes,
       data_hash, code_version, backend)
     values ($1, 1, 'softmax', 'ready', 1, 1, 'x', '{}', '[]', 'x', 'x', 'x')`,
    [other.id],
  );
  await context.db.query(
    `insert into upload (id, project_id, file_name, size_bytes, received_bytes, blob_key, created_by)
     values ($1, $2, 'a.csv', 1, 1, 'x', 'x')`,
    [ids.upload, other.id],
  );
});
afterAll(() => context.cleanup());

/** A fingerprint of everything that belongs to the other project, in every table that has a project. */
async function everythingOfOther(): Promise<Record<string, string>> {
  const tables = await context.db.query(
    "select table_name from information_schema.columns where column_name = 'project_id' and table_schema = 'public'",
  );
  const prints: Record<string, string> = {};
  for (const { table_name: table } of tables.rows) {
    const { rows } = await context.db.query(
      `select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as print from "${table}" t where project_id = $1`,
      [other.id],
    );
    prints[table] = rows[0].print;
  }
  return prints;
}

const projectId = () => mine.id;
const CALLS: [path: string, input: () => Record<string, unknown>, extraCodes?: string[]][] = [
  ["member.setRole", () => ({ projectId: projectId(), userId: annotator.id, role: "lead" })],
  ["member.remove", () => ({ projectId: projectId(), userId: annotator.id })],
  ["member.freeze", () => ({ projectId: projectId(), userId: annotator.id, frozen: true })],
  ["apiKey.revoke", () => ({ projectId: projectId(), id: ids.key })],
  ["invitation.revoke", () => ({ projectId: projectId(), id: ids.invitation })],
  ["annotation.resolveFlag", () => ({ projectId: projectId(), id: ids.flag })],
  ["annotation.flag", () => ({ projectId: projectId(), row: 3, comment: "x" })],
  ["annotation.saveDraft", () => ({ projectId: projectId(), row: 3, value: { choice: "yes" } })],
  ["annotation.undo", () => ({ projectId: projectId(), submissionId: randomUUID(), tab: "t", seq: 1 }), ["E_CONFLICT"]],
  [
    "annotation.submit",
    () => ({
      projectId: projectId(),
      submissionId: ids.submission,
      leaseToken: ids.lease,
      row: 3,
      kind: "label",
      value: { choice: "yes" },
    }),
    ["E_LEASE"],
  ],
  ["dashboard.learningCurve", () => ({ projectId: projectId(), compareWith: [other.id] })],
  ["dashboard.comparison", () => ({ projectId: projectId(), otherId: other.id })],
  ["item.get", () => ({ projectId: projectId(), row: 3 })],
  ["imports.get", () => ({ projectId: projectId(), number: 1 })],
  ["imports.errors", () => ({ projectId: projectId(), number: 1, limit: 10 })],
  ["imports.cancel", () => ({ projectId: projectId(), number: 1 })],
  ["imports.preview", () => ({ projectId: projectId(), uploadId: ids.upload })],
  ["imports.start", () => ({ projectId: projectId(), uploadId: ids.upload, format: "csv", mapping: {} })],
  ["model.get", () => ({ projectId: projectId(), version: 1 })],
  ["model.activate", () => ({ projectId: projectId(), version: 1 })],
  ["strategy.preview", () => ({ projectId: projectId(), jobRunId: ids.job })],
  ["round.get", () => ({ projectId: projectId(), round: 1 })],
  ["round.manifest", () => ({ projectId: projectId(), round: 1 })],
  ["job.get", () => ({ projectId: projectId(), id: ids.job })],
  ["job.cancel", () => ({ projectId: projectId(), id: ids.job })],
  ["job.retry", () => ({ projectId: projectId(), id: ids.job })],
];
/** Calls whose answer names each id, and says of a foreign one what it says of one that never was. */
const QUIET: [path: string, input: () => Record<string, unknown>, answer: unknown][] = [
  [
    "queue.renew",
    () => ({ projectId: projectId(), tokens: [ids.lease] }),
    { leases: [{ token: expect.any(String), expiresAt: null }] },
  ],
  ["queue.releaseAll", () => ({ projectId: projectId(), userId: annotator.id }), { released: 0 }],
];

type Api = Record<string, Record<string, (input: unknown) => Promise<unknown>>>;
function asMyLead(path: string, input: unknown): Promise<unknown> {
  const api = createCaller({ ...context, actor: { kind: "user", ...mine.lead, role: "member" } }) as unknown as Api;
  const [routerName, name] = path.split(".");
  return api[routerName][name](input);
}
const known = (appRouter as unknown as { _def: { procedures: Record<string, unknown> } })._def.procedures;

describe("ids of another project", () => {
  test.each(CALLS.filter(([path]) => path in known))("%s does not find them", async (_path, input, extraCodes = []) => {
    const before = await everythingOfOther();
    const code = await asMyLead(_path, input()).then(
      (result) => `answered ${JSON.stringify(result)}`,
      (error: { cause: { code: string } }) => error.cause.code,
    );
    expect(["E_NOT_FOUND", ...extraCodes]).toContain(code);
    expect(await everythingOfOther()).toEqual(before);
  });

  test.each(QUIET.filter(([path]) => path in known))("%s says nothing about them", async (path, input, answer) => {
    const before = await everythingOfOther();
    expect(await asMyLead(path, input())).toEqual(answer);
    expect(await everythingOfOther()).toEqual(before);
  });

  test("the fingerprint notices a change", async () => {
    const before = await everythingOfOther();
    await context.db.query("update flag set comment = 'changed' where project_id = $1", [other.id]);
    expect(await everythingOfOther()).not.toEqual(before);
  });
});
