import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { ensureKernelsBuilt } from "@/scripts/buildKernels";
import { applyMigrations } from "@/scripts/migrate";
import { EmbeddedPostgres } from "@/scripts/postgres/embeddedPostgres";
import { createPool } from "@/server/db";
import { measureModelService } from "./measureModelService";
import { bundleWorker, startWorker } from "./workerProcess";

/**
 * Featurizes a pool, then measures the time from a label to the refilled queue, through the product's own worker on an
 * embedded PostgreSQL with its usual settings.
 * Usage: npx tsx bench/model-service/modelService.bench.ts [--rows 100000] [--repeats 5] [--out bench/results/model-service.json]
 */
const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    repeats: { type: "string", default: "5" },
    out: { type: "string" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "winnow-bench-"));
chmodSync(folder, 0o755);
const server = new EmbeddedPostgres({ dataDir: folder, database: "winnow" });
const atStart = loadavg();
try {
  await ensureKernelsBuilt();
  await server.start();
  await applyMigrations(server.url());
  const db = createPool({ connectionString: server.url(), max: 4, applicationName: "winnow bench" });
  const worker = startWorker(await bundleWorker(), server.url(), join(folder, "data"));
  try {
    const figures = await measureModelService(
      db,
      worker,
      {
        rows: Number(values.rows),
        labelsFirst: 800,
        labelsEach: 25,
        repeats: Number(values.repeats),
        timeoutMs: 600_000,
      },
      (line) => process.stdout.write(`${line}\n`),
    );
    const result = {
      command: `npx tsx bench/model-service/modelService.bench.ts ${process.argv.slice(2).join(" ")}`.trim(),
      at: new Date().toISOString(),
      machine: {
        cpu: cpus()[0].model,
        cores: cpus().length,
        node: process.version,
        loadAverages: { start: atStart, end: loadavg() },
      },
      ...figures,
    };
    const json = JSON.stringify(
      result,
      (_, value) => (typeof value === "number" ? Number(value.toPrecision(4)) : value),
      2,
    );
    process.stdout.write(`${json}\n`);
    if (values.out) {
      mkdirSync(dirname(values.out), { recursive: true });
      writeFileSync(values.out, `${json}\n`);
    }
  } finally {
    await worker.stop();
    await db.end();
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
