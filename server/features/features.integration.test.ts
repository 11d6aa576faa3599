import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { featureSpec } from "@/contracts/project";
import type { MatrixRef } from "@/server/compute";
import { ShardReader } from "@/server/compute";
import { loadProject } from "@/server/projects";
import type { MadeProject } from "@/test/harness/factories";
import { makeItems, makeProject } from "@/test/harness/factories";
import type { ModelService } from "../training/test/modelService";
import { ask, createModelService, readExamples } from "../training/test/modelService";
import { areFeaturesBehind, readFeatureMatrix, readPresence } from ".";
import { writeTinyEncoder } from "./test/tinyEncoder";

let service: ModelService;
let texts: string[];
beforeAll(async () => {
  service = await createModelService();
  texts = readExamples("banking77", 1_000).map((example) => example.text);
});
afterAll(() => service.cleanup());

async function setSpec(project: MadeProject, spec: unknown): Promise<void> {
  await service.db.query("update project set feature_spec = $2 where id = $1", [
    project.id,
    JSON.stringify(featureSpec.parse(spec)),
  ]);
}

async function build(project: MadeProject, relearn = false): Promise<{ steps: string[]; reason: string }> {
  const id = await ask(service, "features.build", { projectId: project.id, relearn });
  const job = await service.runNext(undefined, id);
  const result = job?.result as { steps: { kind: string; version: number; nRows: number }[]; reason: string };
  return { steps: result.steps.map((s) => `${s.kind} ${s.version}: ${s.nRows}`), reason: result.reason };
}

async function matrixOf(project: MadeProject, version?: number): Promise<MatrixRef> {
  const { activeFeatureVersion } = await loadProject(service.db, project.id);
  return readFeatureMatrix(service.db, project.id, version ?? activeFeatureVersion ?? 0);
}

async function vectorsOf(matrix: MatrixRef, rows: readonly number[]): Promise<number[][]> {
  const reader = new ShardReader(service.storage, matrix);
  const out = new Float32Array(rows.length * matrix.dim);
  await reader.gather(Int32Array.from(rows), out);
  await reader.close();
  return rows.map((_, i) => [...out.subarray(i * matrix.dim, (i + 1) * matrix.dim)]);
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, j) => sum + value * b[j], 0);
const textItems = (list: readonly string[]) => list.map((text) => ({ content: { text } }));

async function addChunk(project: MadeProject, name: string, rows: readonly number[], dim: number): Promise<void> {
  const bytes = new Uint8Array(4 * rows.length * (1 + dim));
  new Int32Array(bytes.buffer, 0, rows.length).set(rows);
  const values = new Float32Array(bytes.buffer, 4 * rows.length);
  rows.forEach((row, i) => {
    for (let j = 0; j < dim; j++) values[i * dim + j] = 100 * row + j + 1;
  });
  const { key } = await service.storage.putContent(bytes);
  await service.db.query(
    "insert into embedding_chunk (project_id, name, dim, n_rows, blob_key) values ($1, $2, $3, $4, $5)",
    [project.id, name, dim, rows.length, key],
  );
}

describe("features of texts", () => {
  it("puts texts that say the same closer than texts that do not, on vectors of length 1", async () => {
    const project = await makeProject(service.db);
    await makeItems(
      service.db,
      project.id,
      textItems([...texts, "When will my new card arrive?", "when will my card arrive", "How do I top up by cheque?"]),
    );
    expect(await build(project)).toEqual({ steps: ["learn 1: 1003"], reason: "upToDate" });
    const [a, b, c] = await vectorsOf(await matrixOf(project), [1000, 1001, 1002]);
    expect(dot(a, a)).toBeCloseTo(1, 4);
    expect(dot(a, b)).toBeGreaterThan(0.6);
    expect(dot(a, b)).toBeGreaterThan(dot(a, c) + 0.3);
  });

  it("appends new rows without touching those before, and joins small shards", async () => {
    const project = await makeProject(service.db);
    await makeItems(service.db, project.id, textItems(texts.slice(0, 300)));
    await build(project);
    const before = await vectorsOf(await matrixOf(project), [0, 299]);
    expect(await areFeaturesBehind(service.db, await loadProject(service.db, project.id))).toBe(false);
    for (let n = 0; n < 4; n++) {
      await makeItems(service.db, project.id, textItems(texts.slice(300 + 20 * n, 320 + 20 * n)));
      expect(await areFeaturesBehind(service.db, await loadProject(service.db, project.id))).toBe(true);
      expect(await build(project)).toEqual({ steps: [`append 1: ${320 + 20 * n}`], reason: "upToDate" });
    }
    const matrix = await matrixOf(project);
    expect(matrix.shards.map((shard) => shard.nRows)).toEqual([300, 60, 20]);
    expect(await vectorsOf(matrix, [0, 299])).toEqual(before);
    const [again, first] = await vectorsOf(matrix, [379, 0]);
    expect(dot(again, again)).toBeCloseTo(1, 4);
    expect(dot(again, first)).toBeLessThan(0.99);
  });

  it("leaves deleted items and texts without a letter empty, and says which rows those are", async () => {
    const project = await makeProject(service.db);
    await makeItems(service.db, project.id, textItems([...texts.slice(0, 50), "?!", "…"]));
    await service.db.query("update item set deleted_at = now() where project_id = $1 and row = 3", [project.id]);
    await build(project);
    const matrix = await matrixOf(project);
    for (const vector of await vectorsOf(matrix, [3, 50, 51])) expect(vector.every((value) => value === 0)).toBe(true);
    const present = await readPresence(service.storage, matrix.shards[0]);
    const missing = Array.from({ length: 52 }, (_, r) => r).filter(
      (r) => present !== null && ((present[r >>> 5] >>> (r & 31)) & 1) === 0,
    );
    expect(missing).toEqual([3, 50, 51]);
  });

  it("learns anew when the settings change, keeps the old version for its models, and drops it when unused", async () => {
    const project = await makeProject(service.db);
    await makeItems(service.db, project.id, textItems(texts.slice(0, 200)));
    await build(project);
    await setSpec(project, { kind: "text", dim: 32 });
    expect(await build(project)).toEqual({ steps: ["learn 2: 200"], reason: "upToDate" });
    expect((await matrixOf(project)).dim).toBe(32);
    await expect(matrixOf(project, 1)).rejects.toMatchObject({ code: "E_NOT_FOUND" });
    expect(await build(project, true)).toEqual({ steps: ["learn 3: 200"], reason: "upToDate" });
    expect(await build(project)).toEqual({ steps: [], reason: "upToDate" });
  });

  it("learns anew once the pool has outgrown what it was learnt on", async () => {
    const project = await makeProject(service.db);
    await makeItems(service.db, project.id, textItems(texts.slice(0, 100)));
    await build(project);
    await makeItems(service.db, project.id, textItems(texts.slice(100, 400)));
    expect((await build(project)).steps).toEqual(["learn 2: 400"]);
  });

  it("goes on after a crash with what is missing, learning once", async () => {
    const project = await makeProject(service.db);
    await makeItems(service.db, project.id, textItems(texts.slice(0, 150)));
    const id = await ask(service, "features.build", { projectId: project.id, relearn: true });
    const { compute } = service;
    const kinds: string[] = [];
    service.compute = {
      run: async (...args: Parameters<typeof compute.run>) => {
        kinds.push(args[0]);
        if (args[0] === "features.apply" && kinds.length === 2) throw new Error("the worker died");
        return compute.run(...args);
      },
    } as unknown as typeof compute;
    await expect(service.runNext(undefined, id)).rejects.toThrow("the worker died");
    await service.runNext(undefined, id);
    service.compute = compute;
    expect(kinds).toEqual(["features.learn", "features.apply", "features.apply"]);
    expect((await matrixOf(project)).shards).toMatchObject([{ startRow: 0, nRows: 150 }]);
  });

  it("marks a version that cannot be learnt, and does not try again until the pool changes", async () => {
    const project = await makeProject(service.db);
    await makeItems(service.db, project.id, textItems(["?", "!"]));
    await expect(build(project)).rejects.toMatchObject({ code: "E_PRECONDITION" });
    await service.db.query("update job_run set state = 'failed' where project_id = $1", [project.id]);
    expect(await build(project)).toEqual({ steps: [], reason: "failedBefore" });
    await makeItems(service.db, project.id, textItems(texts.slice(0, 20)));
    expect((await build(project)).steps).toEqual(["learn 2: 22"]);
  });

  it("asks for a first round when the first version is there, and for predictions when a model is", async () => {
    const project = await makeProject(service.db);
    await makeItems(service.db, project.id, textItems(texts.slice(0, 60)));
    await build(project);
    const { rows } = await service.db.query<{ kind: string; payload: { trigger?: string } }>(
      "select kind, payload from job_run where project_id = $1 and state = 'queued' order by kind",
      [project.id],
    );
    expect(rows.map((row) => [row.kind, row.payload.trigger])).toEqual([
      ["queue.refill", "start"],
      ["training.retrain", "start"],
    ]);
  });
});

describe("features of records", () => {
  const records = (n: number, from = 0) =>
    Array.from({ length: n }, (_, i) => ({
      content: {
        fields: {
          age: 20 + ((from + i) % 50),
          colour: ["red", "green"][i % 2],
          note: texts[(from + i) % texts.length],
        },
      },
    }));

  it("come from numeric and categorical columns", async () => {
    const project = await makeProject(service.db, { contentKind: "record" });
    await setSpec(project, { kind: "record", numeric: ["age"], categorical: ["colour"] });
    await makeItems(service.db, project.id, records(100));
    await build(project);
    const matrix = await matrixOf(project);
    expect(matrix.dim).toBe(2 + 4);
    const [red, green] = await vectorsOf(matrix, [0, 1]);
    expect(red.slice(2)).toEqual([0, 1, 0, 0]);
    expect(green.slice(2)).toEqual([1, 0, 0, 0]);
  });

  it("or from the text of their fields", async () => {
    const project = await makeProject(service.db, { contentKind: "record" });
    await setSpec(project, { kind: "text", fields: ["note"], dim: 16 });
    await makeItems(service.db, project.id, records(100));
    await build(project);
    const asText = await makeProject(service.db, { seed: "other" });
    await setSpec(asText, { kind: "text", dim: 16 });
    await makeItems(service.db, asText.id, textItems(texts.slice(0, 100)));
    await build(asText);
    const [[a], [b]] = await Promise.all([
      vectorsOf(await matrixOf(project), [5]),
      vectorsOf(await matrixOf(asText), [5]),
    ]);
    // Other seeds, other sketches: the same text has the same vector up to what the sketch leaves open.
    expect(Math.abs(dot(a, a) - dot(b, b))).toBeLessThan(1e-4);
  });
});

describe("ingested vectors", () => {
  it("are laid into shards; later ones for the same rows make a new version, for later rows more of the same", async () => {
    const project = await makeProject(service.db);
    await setSpec(project, { kind: "embedding", name: "e5" });
    await makeItems(service.db, project.id, 100);
    expect(await build(project)).toEqual({ steps: [], reason: "noVectors" });
    await addChunk(project, "e5", [2, 0, 1], 4);
    expect((await build(project)).steps).toEqual(["learn 1: 3"]);
    expect(await vectorsOf(await matrixOf(project), [0, 2])).toEqual([
      [1, 2, 3, 4],
      [201, 202, 203, 204],
    ]);
    await addChunk(project, "e5", [5, 7], 4);
    expect(await areFeaturesBehind(service.db, await loadProject(service.db, project.id))).toBe(true);
    expect((await build(project)).steps).toEqual(["append 1: 8"]);
    await addChunk(project, "e5", [6], 4);
    expect((await build(project)).steps).toEqual(["learn 2: 8"]);
    const matrix = await matrixOf(project);
    expect(await vectorsOf(matrix, [3, 6, 7])).toEqual([
      [0, 0, 0, 0],
      [601, 602, 603, 604],
      [701, 702, 703, 704],
    ]);
    const [words] = (await readPresence(service.storage, matrix.shards[0])) ?? [];
    expect(words).toBe(0b11100111);
    expect(await build(project)).toEqual({ steps: [], reason: "upToDate" });
  });

  it("must all be of one width", async () => {
    const project = await makeProject(service.db);
    await setSpec(project, { kind: "embedding", name: "mixed" });
    await makeItems(service.db, project.id, 10);
    await addChunk(project, "mixed", [0], 4);
    await addChunk(project, "mixed", [1], 5);
    await expect(build(project)).rejects.toThrow(/vectors of 4 and of 5 numbers/);
  });
});

describe("features of a sentence encoder", () => {
  it("come from a model in the instance's folder, tied to its bytes", async () => {
    mkdirSync(service.modelsRoot, { recursive: true });
    const folder = join(service.modelsRoot, "tiny");
    const encoder = writeTinyEncoder(folder, ["card", "cash"]);
    const project = await makeProject(service.db);
    await setSpec(project, { kind: "onnx", path: "tiny", normalize: false, pooling: "cls" });
    await makeItems(service.db, project.id, textItems(["card", "cash card"]));
    expect((await build(project)).steps).toEqual(["learn 1: 2"]);
    const [vector] = await vectorsOf(await matrixOf(project), [1]);
    expect(vector).toHaveLength(encoder.dim);
    vector.map((value, j) => expect(value).toBeCloseTo(encoder.vectorOf("[CLS]")[j], 5));

    writeTinyEncoder(folder, ["card", "cash", "more"]);
    await makeItems(service.db, project.id, textItems(["cash"]));
    await expect(build(project)).rejects.toThrow(/is not the one these features were begun with/);
  });

  it("cannot name a folder outside", async () => {
    const project = await makeProject(service.db);
    await setSpec(project, { kind: "onnx", path: "../blobs" });
    await makeItems(service.db, project.id, textItems(["card"]));
    await expect(build(project)).rejects.toMatchObject({ code: expect.stringMatching(/E_FORBIDDEN|E_PRECONDITION/) });
  });
});
