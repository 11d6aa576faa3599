import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { systemClock } from "@/server/clock";
import type { Pool } from "@/server/db";
import type { IngestContext } from "@/server/ingestion";
import { receiveUpload, startImport } from "@/server/ingestion";
import { loadProject } from "@/server/projects";
import type { BlobStore } from "@/server/storage";
import { makeProject } from "@/test/harness/factories";

export interface ImportFigures {
  rows: number;
  fileBytes: number;
  uploadSeconds: number;
  seconds: number;
  rowsPerSecond: number;
  /** Peak resident memory of the importing process. */
  peakRssMiB: number;
  /** Processor time of the importing process; PostgreSQL's comes on top. */
  cpuSeconds: number;
  state: string;
}

export interface BenchParts {
  db: Pool;
  storage: BlobStore;
  url: string;
  dataDir: string;
}

export async function makeBenchContext({ db, storage }: BenchParts): Promise<IngestContext> {
  const made = await makeProject(db);
  const actor = { kind: "user" as const, id: made.lead.id, name: made.lead.name, role: "member" as const };
  return { db, clock: systemClock, storage, actor, project: await loadProject(db, made.id) };
}

/** Runs one of the scripts beside this file and returns the line of JSON that it prints last. */
export async function runScript<T>(name: string, parameters: readonly string[]): Promise<T> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let tail = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-2_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const last = tail.trim().split("\n").pop() ?? "";
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${last}`);
  return JSON.parse(last) as T;
}

interface ImportEnd {
  seconds: number;
  cpuSeconds: number;
  peakRssMiB: number;
  nInserted: number;
  state: string;
}

/** Uploads a file and imports it. */
export async function measureImport(parts: BenchParts, ctx: IngestContext, path: string): Promise<ImportFigures> {
  const startedMs = performance.now();
  const { uploadId, sizeBytes } = await receiveUpload(ctx, { fileName: "bench.jsonl", body: createReadStream(path) });
  const uploadSeconds = (performance.now() - startedMs) / 1000;
  const { number } = await startImport(ctx, { uploadId });
  const end = await runScript<ImportEnd>("./runImportProcess.ts", [
    parts.url,
    parts.dataDir,
    String(ctx.project.id),
    String(number),
  ]);
  return {
    rows: end.nInserted,
    fileBytes: sizeBytes,
    uploadSeconds,
    seconds: end.seconds,
    rowsPerSecond: end.nInserted / end.seconds,
    peakRssMiB: end.peakRssMiB,
    cpuSeconds: end.cpuSeconds,
    state: end.state,
  };
}
