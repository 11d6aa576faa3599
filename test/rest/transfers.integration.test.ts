import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as embeddings from "@/app/api/v1/projects/[id]/embeddings/route";
import * as exporting from "@/app/api/v1/projects/[id]/export/route";
import * as errorsCsv from "@/app/api/v1/projects/[id]/imports/[number]/errors.csv/route";
import * as errorsJsonl from "@/app/api/v1/projects/[id]/imports/[number]/errors.jsonl/route";
import * as imports from "@/app/api/v1/projects/[id]/imports/route";
import * as predictions from "@/app/api/v1/projects/[id]/predictions/route";
import * as arrays from "@/app/api/v1/projects/[id]/rounds/[number]/arrays/[...key]/route";
import * as manifest from "@/app/api/v1/projects/[id]/rounds/[number]/manifest/route";
import * as uploads from "@/app/api/v1/projects/[id]/uploads/route";
import { runImport } from "@/server/ingestion/runImport";
import type { MadeProject } from "@/test/harness/factories";
import { makeItems, makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { TestServer } from "@/test/security/webServer";
import { makeKey, ORIGIN, startTestServer } from "@/test/security/webServer";

let context: TestContext;
let server: TestServer;
let project: MadeProject;
let key: string;

beforeAll(async () => {
  context = await createTestContext({ now: new Date() });
  server = startTestServer(context);
  project = await makeProject(context.db, { labels: ["ham", "spam"] });
  ({ key } = await makeKey(context, project.id, ["ingest", "export"]));
});
afterAll(() => context.cleanup());

interface Route<P> {
  handle: (parts: TestServer["parts"], request: Request, params: P) => Promise<Response>;
}

async function call<P extends { id: string }>(
  route: Route<P>,
  path: string,
  params: Omit<P, "id">,
  init: RequestInit & { duplex?: "half" } = {},
): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, ...init.headers };
  const request = new Request(`${ORIGIN}/api/v1/projects/${project.id}/${path}`, { ...init, headers });
  return route.handle(server.parts, request, { ...params, id: String(project.id) } as P);
}

const post = (body: string | Uint8Array | ReadableStream) =>
  ({ method: "POST", body, duplex: "half" }) as RequestInit & { duplex: "half" };

async function errorOf(response: Response) {
  const { error } = await response.json();
  return [response.status, error.code, error.message];
}

async function carryOut(number: number, projectId = project.id) {
  await runImport(
    {
      ...context,
      signal: new AbortController().signal,
      jobRunId: "00000000-0000-4000-8000-000000000000",
      progress: async () => undefined,
    },
    projectId,
    number,
  );
}

describe("POST /uploads", () => {
  test("streams the body into storage and answers with the upload's id", async () => {
    let n = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (n++ < 100) controller.enqueue(new Uint8Array(10_000).fill(97));
        else controller.close();
      },
    });
    const response = await call(uploads.POST, "uploads?fileName=big.txt", {}, post(stream));
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ uploadId: expect.any(String), fileName: "big.txt", sizeBytes: 1_000_000 });
  });

  test("refuses no name, no body and bodies that say they are too long, before reading", async () => {
    expect(await errorOf(await call(uploads.POST, "uploads", {}, post("a")))).toEqual([
      400,
      "E_BAD_INPUT",
      expect.stringContaining('"fileName" is missing'),
    ]);
    expect((await call(uploads.POST, "uploads?fileName=x", {}, { method: "POST" })).status).toBe(400);
    const long = { ...post("abc"), headers: { "content-length": String(5 * 1024 ** 3) } };
    expect((await call(uploads.POST, "uploads?fileName=x", {}, long)).status).toBe(413);
  });
});

describe("POST /imports", () => {
  test("takes a file in one call; errors come as a CSV download", async () => {
    const csv = "id,text,label\n1,Call me back,ham\n2,Cheap loans,spam\n3,=1+1,eggs\n4,Fine,ham\n";
    const mapping = encodeURIComponent(JSON.stringify({ externalId: "id", text: "text", label: "label" }));
    const response = await call(imports.POST, `imports?fileName=m.csv.gz&mapping=${mapping}`, {}, post(gzipSync(csv)));
    expect(response.status).toBe(202);
    const body = await response.json();
    expect(body.import).toMatchObject({ number: 1, state: "queued", format: "csv", fileName: "m.csv.gz" });
    await carryOut(1);
    const errors = await call(errorsCsv.GET, "imports/1/errors.csv", { number: "1" });
    expect(errors.headers.get("content-disposition")).toBe('attachment; filename="import-1-errors.csv"');
    expect(errors.headers.get("content-security-policy")).toContain("sandbox");
    const lines = (await errors.text()).split("\n");
    expect(lines[0]).toBe("id,text,label,winnow_line,winnow_code,winnow_field,winnow_message,winnow_excerpt");
    expect(lines[1]).toMatch(/^3,=1\+1,eggs,4,unknownLabel,label,/);
    for (const number of ["2", "x", "1e9", "-1", "99999999999"]) {
      expect((await call(errorsCsv.GET, `imports/${number}/errors.csv`, { number })).status).toBe(404);
    }
  });

  test("refused rows are downloaded, mended, imported again, and all arrive", async () => {
    const made = await makeProject(context.db, { labels: ["good", "bad"] });
    const { key: own } = await makeKey(context, made.id, ["ingest", "export"]);
    const take = <P extends { id: string }>(route: Route<P>, path: string, params: Omit<P, "id">, init = {}) => {
      const headers = { authorization: `Bearer ${own}` };
      const request = new Request(`${ORIGIN}/api/v1/projects/${made.id}/${path}`, { ...init, headers });
      return route.handle(server.parts, request, { ...params, id: String(made.id) } as P);
    };
    const good = Array.from({ length: 8 }, (_, i) => `g${i},"Fine, number ${i}",good,web`);
    const bad = [
      'b0,"A ""quoted"" text, with a comma",meh,shop',
      "b1,=SUM(A1),meh,shop",
      "b2,,good,shop",
      "b3,Short,good",
      ",No id,bad,shop",
    ];
    const csv = ["review_id,body,sentiment,source", ...good, ...bad].join("\n");
    const mapping = { externalId: "review_id", text: "body", label: "sentiment", meta: ["source"] };
    const asked = encodeURIComponent(JSON.stringify(mapping));
    await take(imports.POST, `imports?fileName=reviews.csv&mapping=${asked}`, {}, post(csv));
    await carryOut(1, made.id);
    const refused = await (await take(errorsCsv.GET, "imports/1/errors.csv", { number: "1" })).text();
    const [header, ...rows] = refused.trimEnd().split("\n");
    expect(header).toMatch(/^review_id,body,sentiment,source,winnow_line,/);
    expect(rows).toHaveLength(5);
    expect(rows[0]).toMatch(/^b0,"A ""quoted"" text, with a comma",meh,shop,10,unknownLabel,sentiment,/);
    expect(rows[1]).toMatch(/^b1,=SUM\(A1\),meh,shop,/);
    expect(rows[3]).toMatch(/^b3,Short,good,,13,wrongColumns,/);
    const jsonl = await (await take(errorsJsonl.GET, "imports/1/errors.jsonl", { number: "1" })).text();
    expect(JSON.parse(jsonl.split("\n")[1])).toMatchObject({
      review_id: "b1",
      body: "=SUM(A1)",
      winnow_field: "sentiment",
    });

    const mended = refused
      .replaceAll(",meh,", ",bad,")
      .replace("b2,,good", "b2,Found it,good")
      .replace("\n,No id", "\nb4,No id");
    // The mapping is proposed: nothing is said about the columns that tell why.
    const again = await take(imports.POST, "imports?fileName=mended.csv", {}, post(mended));
    expect((await again.json()).import.mapping).toMatchObject(mapping);
    await carryOut(2, made.id);
    const { rows: items } = await context.db.query(
      `select i.external_id as id, c.content->>'text' as text
         from item i join item_content c using (project_id, row) where project_id = $1 and external_id like 'b%' order by 1`,
      [made.id],
    );
    expect(items.map((item) => item.text)).toEqual([
      'A "quoted" text, with a comma',
      "=SUM(A1)",
      "Found it",
      "Short",
      "No id",
    ]);
    const { rows: counts } = await context.db.query(
      "select n_inserted, n_labels, n_errors from import_run where project_id = $1 and number = 2",
      [made.id],
    );
    expect(counts).toEqual([{ n_inserted: 5, n_labels: 5, n_errors: 0 }]);
  });

  test("refuses parameters it does not understand before a byte is stored", async () => {
    const wrong: [string, RegExp][] = [
      ["imports?fileName=x.csv&mapping=text", /mapping: expected JSON/],
      ["imports?fileName=x.csv&mapping=%7B%22text%22%3A5%7D", /text/],
      ["imports?fileName=x.csv&format=xlsx", /format: expected csv, tsv, json, jsonl; got "xlsx"/],
    ];
    for (const [path, message] of wrong) {
      const refused = await errorOf(await call(imports.POST, path, {}, post("id,text\n1,a\n")));
      expect(refused).toEqual([400, "E_BAD_INPUT", expect.stringMatching(message)]);
    }
    const missing = await call(
      imports.POST,
      `imports?fileName=x.csv&mapping={"text":"body"}`,
      {},
      post("id,text\n1,a\n"),
    );
    expect(await errorOf(missing)).toEqual([400, "E_BAD_INPUT", expect.stringContaining('no column "body"')]);
  });
});

describe("vectors as bytes", () => {
  const body = (header: unknown, ...numbers: number[]) =>
    Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Buffer.from(Float32Array.from(numbers).buffer)]);

  test("are attached by POST /embeddings and /predictions", async () => {
    await makeItems(context.db, project.id, [{ externalId: "v1" }, { externalId: "v2" }]);
    const ids = { externalIds: ["v1", "v2"] };
    const e = await call(embeddings.POST, "embeddings?name=enc&dim=2", {}, post(body(ids, 1, 2, 3, 4)));
    expect([e.status, await e.json()]).toEqual([200, { attached: 2, totalRows: 2 }]);
    const classes = { ...ids, classes: ["spam", "ham"] };
    const p = await call(predictions.POST, "predictions?name=gpt", {}, post(body(classes, 0.5, 0.5, 1, 0)));
    expect([p.status, await p.json()]).toEqual([200, { attached: 2, totalRows: 2 }]);
  });

  test("are refused with what was expected", async () => {
    const wrong: [string, Uint8Array | string, RegExp][] = [
      ["embeddings?name=enc&dim=2", "no json\n....", /one line of JSON/],
      ["embeddings?name=enc&dim=2", '{"externalIds":["v1"]}', /one line of JSON/],
      ["embeddings?name=enc&dim=2", body({ ids: ["v1"] }, 1, 2), /externalIds/],
      ["embeddings?name=enc&dim=2", Buffer.from('{"externalIds":["Gr\xfcn"]}\n....', "latin1"), /not valid UTF-8/],
      ["embeddings?name=enc&dim=2", body({ externalIds: ["v1"] }, 1), /Expected 1 items × 2 numbers/],
      ["embeddings?name=enc&dim=x", body({ externalIds: ["v1"] }, 1), /dim/],
      ["embeddings?dim=2", body({ externalIds: ["v1"] }, 1, 2), /"name" is missing/],
    ];
    for (const [path, bytes, message] of wrong) {
      const refused = await errorOf(await call(embeddings.POST, path, {}, post(bytes)));
      expect(refused).toEqual([400, "E_BAD_INPUT", expect.stringMatching(message)]);
    }
  });
});

describe("GET /export", () => {
  test("streams a download of items or annotations", async () => {
    const response = await call(exporting.GET, "export?what=items&format=jsonl", {});
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("content-disposition")).toMatch(/attachment; filename="project-.*-items-.*\.jsonl"/);
    const lines = (await response.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).external_id)).toEqual(["1", "2", "4", "v1", "v2"]);
    const csv = await (await call(exporting.GET, "export?what=annotations", {})).text();
    expect(csv.split("\n").filter((line) => line !== "")).toHaveLength(4);
    for (const query of ["format=xml", "what=users", "raw=yes"]) {
      expect((await call(exporting.GET, `export?${query}`, {})).status).toBe(400);
    }
  });

  test("stops when the reader goes away", async () => {
    await makeItems(context.db, project.id, 5_000);
    const response = await call(exporting.GET, "export?format=jsonl", {});
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const open = () =>
      context.db
        .query("select 1 from pg_stat_activity where datname = current_database() and state like 'idle in tr%'")
        .then((r) => r.rowCount);
    await expect.poll(open).toBe(0);
  });
});

describe("GET /rounds", () => {
  test("knows only rounds and arrays of the project that a manifest names", async () => {
    for (const number of ["1", "x", ".."]) {
      expect((await call(manifest.GET, `rounds/${number}/manifest`, { number })).status).toBe(404);
    }
    const keys = [["..", "..", "secret.key"], ["%2e%2e%2fsecret.key"], ["sha256", "aa", "b".repeat(64)], ["%"]];
    for (const name of keys) {
      const response = await call(arrays.GET, `rounds/1/arrays/${name.join("/")}`, { number: "1", key: name });
      expect(response.status).toBe(404);
    }
  });
});

test("a compressed upload is what was sent", async () => {
  const zipped = gzipSync("id,text\n1,a\n");
  const response = await call(uploads.POST, "uploads?fileName=a.csv.gz", {}, post(zipped));
  const { uploadId } = await response.json();
  const { rows } = await context.db.query("select blob_key from upload where id = $1", [uploadId]);
  expect(gunzipSync(await context.storage.get(rows[0].blob_key)).toString()).toBe("id,text\n1,a\n");
});
