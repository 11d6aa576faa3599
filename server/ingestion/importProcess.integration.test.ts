import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "@/contracts/limits";
import type { Actor } from "@/server/auth";
import { loadProject } from "@/server/projects";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import type { IngestContext } from ".";
import { getImport, receiveUpload, startImport } from ".";

const SCRIPT = fileURLToPath(new URL("../../bench/ingestion/runImportProcess.ts", import.meta.url));
const MIB = 1024 * 1024;

let context: TestContext;
let ctx: IngestContext;
beforeAll(async () => {
  context = await createTestContext();
  const made = await makeProject(context.db, { labels: ["a", "b"] });
  const actor: Actor = { kind: "user", id: made.lead.id, name: made.lead.name, role: "member" };
  const { db, clock, storage } = context;
  ctx = { db, clock, storage, actor, project: await loadProject(db, made.id) };
});
afterAll(() => context.cleanup());

function startProcess(number: number): ChildProcess {
  const parameters = [context.url, context.dataDir, String(ctx.project.id), String(number)];
  return spawn(process.execPath, ["--import", "tsx", SCRIPT, ...parameters], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Lets the process write so many batches, then kills it without warning. Resolves to whether it ended by itself. */
function killAfter(child: ChildProcess, nBatches: number): Promise<boolean> {
  let n = 0;
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    n += text.split("batch").length - 1;
    if (n >= nBatches) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0));
  });
}

async function upload(fileName: string, parts: AsyncIterable<Uint8Array>): Promise<number> {
  const { uploadId } = await receiveUpload(ctx, { fileName, body: parts });
  return (await startImport(ctx, { uploadId })).number;
}

describe("the process that imports", () => {
  test("may be killed at any moment: the next one goes on, nothing comes twice and nothing is left out", async () => {
    const n = LIMITS.importBatchRows * 6 + 123;
    const lines = Array.from({ length: n }, (_, i) => {
      const label = i % 10 === 0 ? { label: i % 20 === 0 ? "a" : "b" } : {};
      return i % 997 === 5 ? "broken line" : JSON.stringify({ id: `r${i}`, text: `text ${i % 9_000}`, ...label });
    });
    async function* body() {
      yield gzipSync(lines.join("\n"));
    }
    const number = await upload("kill.jsonl.gz", body());
    let ended = false;
    let kills = 0;
    for (const nBatches of [1, 2, 1, 3, 1, 1, 1, 1]) {
      ended = await killAfter(startProcess(number), nBatches);
      if (ended) break;
      kills++;
      expect((await getImport(ctx, { number })).state).toBe("running");
    }
    if (!ended) ended = await killAfter(startProcess(number), Number.POSITIVE_INFINITY);
    expect(ended).toBe(true);
    expect(kills).toBeGreaterThanOrEqual(3);

    const good = lines.flatMap((line, i) => (line.startsWith("{") ? [i] : []));
    const view = await getImport(ctx, { number });
    expect(view).toMatchObject({ state: "doneWithErrors", nRead: n, nInserted: good.length, nErrors: n - good.length });
    const items = await ctx.db.query<{ row: number; external_id: string; duplicate_of: number | null }>(
      "select row, external_id, duplicate_of from item where project_id = $1 order by row",
      [ctx.project.id],
    );
    expect(items.rows.map((item) => item.external_id)).toEqual(good.map((i) => `r${i}`));
    expect(items.rows.map((item) => item.row)).toEqual(good.map((_, row) => row));
    expect(items.rows.filter((item) => item.duplicate_of !== null)).toHaveLength(view.nDuplicates);
    const labelled = good.filter((i) => i % 10 === 0).length;
    const { rows: annotations } = await ctx.db.query("select seq from annotation where project_id = $1 order by seq", [
      ctx.project.id,
    ]);
    expect(annotations.map((a) => a.seq)).toEqual(Array.from({ length: labelled }, (_, i) => i + 1));
    expect(view.nLabels).toBe(labelled);
    const errors = await ctx.db.query<{ number: number; line: number }>(
      "select number, line from import_error where project_id = $1 order by number",
      [ctx.project.id],
    );
    expect(errors.rows.map((e) => e.line)).toEqual(lines.flatMap((line, i) => (line.startsWith("{") ? [] : [i + 1])));
    expect(errors.rows.map((e) => e.number)).toEqual(errors.rows.map((_, i) => i + 1));
  }, 180_000);

  test("stays below 300 MiB on a file that is larger, long records included", async () => {
    const nLong = 120;
    async function* body() {
      for (let i = 0; i < nLong; i++) {
        // Nearly the largest text that is taken, in a record of 3 MiB.
        const long = JSON.stringify({
          id: `long${i}`,
          text: `${i} ${"wörd ".repeat(170_000)}`,
          x: "y".repeat(2 * MIB),
        });
        const small = Array.from({ length: 500 }, (_, k) =>
          JSON.stringify({ id: `s${i}-${k}`, text: `short ${i} ${k}`, x: "" }),
        );
        yield Buffer.from(`${[...small, long].join("\n")}\n`);
      }
    }
    const number = await upload("large.jsonl", body());
    let output = "";
    const child = startProcess(number);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    await new Promise((resolve) => child.once("close", resolve));
    const end = JSON.parse(output.trim().split("\n").pop() ?? "");
    const view = await getImport(ctx, { number });
    expect(view.sizeBytes).toBeGreaterThan(300 * MIB);
    expect(view).toMatchObject({ nRead: nLong * 501, nInserted: nLong * 501, nErrors: 0 });
    expect(end.peakRssMiB).toBeLessThan(300);
  }, 180_000);
});
