/**
 * Latency of claims and submissions with a large pool and many annotators, on an embedded PostgreSQL with its durable
 * settings, everything on one machine.
 *
 *   npx tsx --conditions=react-server bench/queue/claimSubmit.bench.ts [--http] [--items 1000000] [--out file.json]
 *
 * Without --http the services are called in this process, as the API calls them. With it the built web application is
 * started and people call it over HTTP, each with a session of their own.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { applyMigrations } from "@/scripts/migrate";
import { EmbeddedPostgres } from "@/scripts/postgres/embeddedPostgres";
import type { Pool } from "@/server/db";
import { createPool } from "@/server/db";
import type { BlobStore } from "@/server/storage";
import { blobFolder, openFsBlobStore } from "@/server/storage";
import { createApiClient, openSession } from "@/test/harness/instanceAccess";
import { launchWinnow } from "@/test/harness/launchWinnow";
import type { BenchSizes } from "./benchQueue";
import { benchQueue } from "./benchQueue";
import type { LabellingDoor } from "./measureLabelling";
import { measureLabelling } from "./measureLabelling";
import { seedQueue } from "./seedQueue";

const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));
const POOL_MAX = 20;
const HTTP_PEOPLE_PAUSE_MS = 2_000;

const { values: options } = parseArgs({
  options: {
    http: { type: "boolean", default: false },
    items: { type: "string", default: "1000000" },
    people: { type: "string", default: "100" },
    seconds: { type: "string", default: "45" },
    thinkMs: { type: "string" },
    out: { type: "string" },
  },
});

const sizes: BenchSizes = {
  items: Number(options.items),
  entries: 10_000,
  people: Number(options.people),
  history: 100_000,
  seconds: Number(options.seconds),
  warmUpSeconds: 5,
  thinkMs: Number(options.thinkMs ?? (options.http ? HTTP_PEOPLE_PAUSE_MS : 1_000)),
};

async function benchHttp(db: Pool, storage: BlobStore, dataDir: string, url: string) {
  const seeded = await seedQueue(db, storage, sizes);
  const winnow = await launchWinnow({ dataDir, env: { DATABASE_URL: url }, args: ["--only=web"] });
  try {
    const doors: LabellingDoor[] = [];
    for (const userId of seeded.userIds) {
      const client = createApiClient(winnow, await openSession(db, winnow, userId));
      doors.push({
        claim: (input) => client.queue.claim.mutate(input),
        submit: (input) => client.annotation.submit.mutate(input),
      });
    }
    const { projectId } = seeded;
    const { thinkMs, seconds, warmUpSeconds } = sizes;
    return { paced: await measureLabelling({ projectId, doors, thinkMs, seconds, warmUpSeconds, prefetch: 5 }) };
  } finally {
    await winnow.stop();
  }
}

const dataDir = mkdtempSync(join(tmpdir(), "winnow-bench-"));
// PostgreSQL's account must be able to enter when the bench runs as root.
chmodSync(dataDir, 0o755);
const server = new EmbeddedPostgres({ dataDir, database: "winnow" });
const loadBefore = loadavg()[0];
try {
  await server.start();
  await applyMigrations(server.url());
  const db = createPool({ connectionString: server.url(), max: POOL_MAX });
  const { rows } = await db.query<{ server_version: string }>("show server_version");
  const storage = openFsBlobStore(blobFolder(dataDir));
  const figures = options.http
    ? await benchHttp(db, storage, dataDir, server.url())
    : await benchQueue(db, storage, sizes);
  await db.end();
  const result = {
    command: `npx tsx --conditions=react-server bench/queue/claimSubmit.bench.ts${options.http ? " --http" : ""}`,
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0].model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      postgres: rows[0].server_version,
      loadAverageBefore: loadBefore,
      loadAverageAfter: loadavg()[0],
    },
    sizes,
    ...figures,
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  process.stdout.write(text);
  writeFileSync(options.out ?? join(RESULTS, options.http ? "queue-http.json" : "queue.json"), text);
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
