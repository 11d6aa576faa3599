import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { applyMigrations } from "@/scripts/migrate";
import { EmbeddedPostgres } from "@/scripts/postgres/embeddedPostgres";
import { createPool } from "@/server/db";
import { blobFolder, openFsBlobStore } from "@/server/storage";
import type { BenchParts } from "./measureImport";
import { makeBenchContext, measureImport, runScript } from "./measureImport";
import { indexAll, labelSome, measureLists } from "./measureLists";
import { writeSyntheticJsonl } from "./syntheticTexts";

/**
 * Import, lists and exports on many items, on an embedded PostgreSQL with its durable settings.
 * Usage: npx tsx bench/ingestion/benchIngestion.ts [rows = 1000000] [file name of the result]
 */
const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));

export interface ExportFigures {
  bytes: number;
  seconds: number;
  firstByteMs: number;
  peakRssMiB: number;
}

export async function benchIngestion(parts: BenchParts, rows: number, runs: number) {
  const file = join(parts.dataDir, "bench.jsonl");
  await writeSyntheticJsonl(file, rows);
  const ctx = await makeBenchContext(parts);
  const imported = await measureImport(parts, ctx, file);
  const again = await measureImport(parts, ctx, file);
  const indexSeconds = await indexAll(ctx);
  const nLabels = Math.floor(rows / 20);
  const labelSeconds = await labelSome(ctx, rows, nLabels);
  const lists = await measureLists(ctx, rows, runs);
  const exports: Record<string, ExportFigures & { rowsPerSecond: number }> = {};
  for (const [what, n] of [
    ["items", rows],
    ["annotations", nLabels],
  ] as const) {
    for (const format of ["csv", "jsonl"]) {
      const end = await runScript<ExportFigures>("./runExportProcess.ts", [
        parts.url,
        String(ctx.project.id),
        what,
        format,
      ]);
      exports[`${what}.${format}`] = { ...end, rowsPerSecond: n / end.seconds };
    }
  }
  return {
    import: imported,
    importOfTheSameFileAgain: { ...again, rows },
    index: { seconds: indexSeconds, rowsPerSecond: rows / indexSeconds },
    labels: { labels: nLabels, seconds: labelSeconds, labelsPerSecond: nLabels / labelSeconds },
    lists,
    exports,
  };
}

async function main(): Promise<void> {
  const rows = Number(process.argv[2] ?? 1_000_000);
  const name = process.argv[3] ?? "ingestion.json";
  const dataDir = mkdtempSync(join(tmpdir(), "winnow-bench-"));
  chmodSync(dataDir, 0o755);
  const server = new EmbeddedPostgres({ dataDir, database: "winnow" });
  const loadBefore = loadavg();
  try {
    await server.start();
    await applyMigrations(server.url());
    const db = createPool({ connectionString: server.url(), max: 5 });
    const storage = openFsBlobStore(blobFolder(dataDir));
    const figures = await benchIngestion({ db, storage, url: server.url(), dataDir }, rows, 20);
    await db.end();
    const machine = {
      cpu: cpus()[0].model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    };
    const command = `npx tsx bench/ingestion/benchIngestion.ts ${rows}`;
    const result = { date: new Date().toISOString(), command, machine, loadBefore, loadAfter: loadavg(), ...figures };
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(join(RESULTS, name), `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
