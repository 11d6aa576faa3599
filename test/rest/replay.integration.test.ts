import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as arrays from "@/app/api/v1/projects/[id]/rounds/[number]/arrays/[...key]/route";
import * as manifest from "@/app/api/v1/projects/[id]/rounds/[number]/manifest/route";
import type { ReplayFlags } from "@/bin/commands/replayStored";
import { replayStored } from "@/bin/commands/replayStored";
import type { ManifestArray, ManifestMatrix, RoundManifest } from "@/contracts/manifest";
import { namedArrayKeys, roundManifest } from "@/contracts/manifest";
import { readRoundManifest } from "@/server/acquisition";
import type { ModelService } from "@/server/training/test/modelService";
import {
  answerQueue,
  ask,
  createModelService,
  makeExampleProject,
  readExamples,
  withFrequentLabels,
} from "@/server/training/test/modelService";
import type { MadeProject } from "@/test/harness/factories";
import { makeProject } from "@/test/harness/factories";
import type { TestServer } from "@/test/security/webServer";
import { makeKey, startTestServer } from "@/test/security/webServer";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const LABELS_FIRST = 40;

let service: ModelService;
let web: TestServer;
let http: Server;
let address: string;
let project: MadeProject;
let key: string;

beforeAll(async () => {
  service = await createModelService();
  web = startTestServer(service);
  http = createServer(async (incoming, outgoing) => {
    const response = await answer(new Request(`http://test${incoming.url}`, { headers: incoming.headers as never }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body) Readable.fromWeb(response.body as never).pipe(outgoing);
    else outgoing.end();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const examples = withFrequentLabels(readExamples("banking77", 3_000), 4);
  project = await makeExampleProject(service, examples, {
    strategy: {
      main: { id: "margin-kmeans", options: {} },
      coldStart: { id: "typiclust", options: {} },
      minLabels: 20,
      batchSize: 30,
      auditShare: 0.1,
    },
    seed: "replay",
  });
  await answerQueue(service, project.id, LABELS_FIRST, (row) => examples[row].label);
  await ask(service, "training.retrain", { projectId: project.id, trigger: "manual" });
  await service.drain();
  ({ key } = await makeKey(service, project.id, ["export"]));
}, 120_000);
afterAll(async () => {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
  await service.cleanup();
});

/** The web process's routes that a replay uses, by the paths that Next gives them. */
async function answer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname.startsWith("/api/trpc/")) {
    return web.trpc(`${pathname.slice("/api/trpc/".length)}${search}`, { headers: request.headers });
  }
  const found = /^\/api\/v1\/projects\/(\w+)\/rounds\/(\w+)\/(manifest|arrays)(?:\/(.*))?$/.exec(pathname);
  if (!found) return new Response("no such page", { status: 404 });
  const [, id, number, what, rest] = found;
  return what === "manifest"
    ? manifest.GET.handle(web.parts, request, { id, number })
    : arrays.GET.handle(web.parts, request, { id, number, key: rest.split("/") });
}

async function winnow(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "bin/winnow.ts", ...args], {
      cwd: ROOT,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

const replay = (...flags: string[]) => winnow("replay", "--server", address, ...flags);

/** The newest round: by the model, on vectors. */
async function newestRound(): Promise<number> {
  const { rows } = await service.db.query<{ n: number }>(
    "select max(number)::int as n from round where project_id = $1",
    [project.id],
  );
  return rows[0].n;
}

describe("winnow replay --server", () => {
  test("selects a round of the instance again, number by number, by slug and by number", async () => {
    const number = await newestRound();
    const stored = await readRoundManifest(service, project.id, number);
    expect(stored.snapshot.modelVersion).toBe(1);
    expect(stored.arrays.probabilities).toBeDefined();
    expect(stored.arrays.embeddings).toBeDefined();
    const bySlug = await replay("--key", key, "--project", project.slug, "--round", String(number));
    expect(bySlug, bySlug.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(bySlug.stdout)).toMatchObject({
      isIdentical: true,
      picks: 30,
      differences: [],
      sameKernels: true,
    });
    const keyFile = join(service.dataDir, "key.txt");
    writeFileSync(keyFile, `${key}\n`);
    const byId = await replay("--key-file", keyFile, "--project", String(project.id), "--round", "1");
    expect(JSON.parse(byId.stdout)).toMatchObject({ isIdentical: true, picks: 30 });
  });

  test("tells of an array that is not the one of the round", async () => {
    const number = await newestRound();
    const stored = await readRoundManifest(service, project.id, number);
    const shard = stored.arrays.embeddings?.shards[0].key as string;
    const bytes = await service.storage.get(shard);
    const changed = Uint8Array.from(bytes);
    changed[17] ^= 1;
    await service.storage.delete(shard);
    await service.storage.put(shard, changed);
    const report = await replay("--key", key, "--project", project.slug, "--round", String(number));
    await service.storage.delete(shard);
    await service.storage.put(shard, bytes);
    expect(report.code).toBe(1);
    expect(report.stderr).toContain(`${shard} is not the one of the round`);
  });

  test("tells of picks that are not what the round's seed gives", async () => {
    const number = await newestRound();
    const stored = await readRoundManifest(service, project.id, number);
    const [first, second, ...others] = stored.picks;
    const swapped = { ...stored, picks: [{ ...first, row: second.row }, { ...second, row: first.row }, ...others] };
    const before = await pointAt(number, swapped);
    const report = await replay("--key", key, "--project", project.slug, "--round", String(number));
    await service.db.query("update round set manifest_key = $3 where project_id = $1 and number = $2", [
      project.id,
      number,
      before,
    ]);
    expect(report.code).toBe(1);
    expect(JSON.parse(report.stdout)).toMatchObject({
      isIdentical: false,
      differences: [expect.stringMatching(/^pick 0: /), expect.stringMatching(/^pick 1: /)],
    });
  });

  test("says what is wrong with what it was given, and shows no key", async () => {
    const foreign = await makeProject(service.db);
    const given = { server: address, key, project: project.slug, round: "1" };
    const wrong: [ReplayFlags, RegExp][] = [
      [{ ...given, round: "99" }, /404: This project has no round 99/],
      [{ ...given, project: foreign.slug }, /404: /],
      [{ ...given, project: String(foreign.id) }, /404: /],
      [{ ...given, round: "0" }, /--round takes an integer ≥ 1/],
      [{ ...given, key: `wnw_${"a".repeat(43)}` }, /401: This API key is not known/],
      [{ ...given, key: "secret" }, /--key: expected an API key/],
      [{ ...given, round: undefined }, /--round is missing/],
      [{ ...given, manifest: "m.json" }, /either --server/],
      [{ ...given, server: "ftp://x" }, /--server: expected an address/],
      [{}, /either --server/],
    ];
    for (const [flags, message] of wrong) {
      const refusal = await replayStored(flags).catch((error: Error) => error);
      expect(refusal).toMatchObject({ name: "UsageError", message: expect.stringMatching(message) });
      expect((refusal as Error).message).not.toContain(key);
    }
    await expect(replayStored({ ...given, server: "http://127.0.0.1:9" })).rejects.toThrow(/cannot be read/);
    const refused = await replay("--key", "secret", "--project", "1", "--round", "1");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/^winnow: --key/) });
  });
});

/** Stores another manifest for a round; returns the key of the one before. */
async function pointAt(number: number, changed: RoundManifest): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(changed));
  const { key: at } = await service.storage.putContent(bytes);
  const { rows } = await service.db.query<{ before: string }>(
    `with before as (select manifest_key from round where project_id = $1 and number = $2)
     update round set manifest_key = $3 where project_id = $1 and number = $2
     returning (select manifest_key from before) as before`,
    [project.id, number, at],
  );
  return rows[0].before;
}

describe("GET /rounds/:n/arrays", () => {
  test("serves every array that a manifest can name", async () => {
    const stored = await readRoundManifest(service, project.id, 1);
    const blob = async (name: string) => {
      const bytes = new TextEncoder().encode(`bytes of ${name}`);
      const at = `projects/${project.id}/rounds/1/${name}-test`;
      await service.storage.put(at, bytes);
      return { key: at, sha256: createHash("sha256").update(bytes).digest("hex") };
    };
    // One array or matrix for each name the contract knows, those of strategies that no round has used included.
    const all: Record<string, ManifestArray | ManifestMatrix> = {};
    for (const name of Object.keys(roundManifest.shape.arrays.shape)) {
      const shard = await blob(name);
      const single: ManifestArray = { ...shard, dtype: "f4", shape: [1] };
      const matrix: ManifestMatrix = { rows: 1, dim: 1, dtype: "f4", shards: [{ startRow: 0, nRows: 1, ...shard }] };
      const isMatrix = !roundManifest.shape.arrays.safeParse({ ...stored.arrays, [name]: single }).success;
      all[name] = isMatrix ? matrix : single;
    }
    const before = await pointAt(1, { ...stored, arrays: all as unknown as RoundManifest["arrays"] });
    const served = await readRoundManifest(service, project.id, 1);
    const keys = namedArrayKeys(served);
    expect(keys.size).toBe(Object.keys(all).length);
    expect([...keys].join()).toMatch(/head-?Weights.*head-?Bias/);
    const headers = { authorization: `Bearer ${key}` };
    for (const at of keys) {
      const response = await answer(
        new Request(`http://test/api/v1/projects/${project.id}/rounds/1/arrays/${at}`, { headers }),
      );
      expect([at, response.status]).toEqual([at, 200]);
      expect(await response.text()).toMatch(/^bytes of /);
    }
    await service.db.query("update round set manifest_key = $2 where project_id = $1 and number = 1", [
      project.id,
      before,
    ]);
  });
});
