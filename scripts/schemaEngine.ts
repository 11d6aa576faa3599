/**
 * Stand-in for Prisma's native schema engine, which is not on npm: speaks the engine's JSON-RPC over standard input and
 * output and hands each call to the WebAssembly build of the same engine (`@prisma/schema-engine-wasm`, on npm, same
 * version) with the pg driver adapter. Used by the Prisma CLI to author migrations and to generate the client; the
 * product applies migrations itself (scripts/migrate.ts).
 *
 * Three faults of @prisma/adapter-pg 7.10.0 are worked around here and named where that happens; each may go when
 * Prisma's CLI can be pointed at the WebAssembly engine by itself.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";

const require = createRequire(import.meta.url);
const argv = process.argv.slice(2);

type Adapter = Awaited<ReturnType<PrismaPg["connect"]>>;
/** The private parts of adapter-pg that the work-arounds reach. */
interface AdapterInside {
  client: { query(sql: string): Promise<unknown> };
  performIO(query: unknown): Promise<{ fields?: { dataTypeID: number }[] } | undefined>;
  queryRaw(query: unknown): Promise<{ columnTypes: number[] }>;
  executeScript?(script: string): Promise<void>;
  startTransaction?(level?: unknown): Promise<AdapterInside>;
  onError(error: unknown): never;
}
interface Rpc {
  id?: number;
  method?: string;
  params?: unknown;
}
interface EngineError {
  id?: number;
  message?: string;
  code?: string | null;
  meta?: unknown;
}
interface Registry {
  lookupError?(error: unknown): { error?: EngineError } | undefined;
  consumeError?(id: number): { error?: EngineError } | undefined;
}

function option(name: string): string | undefined {
  const i = argv.indexOf(name);
  return i < 0 ? undefined : argv[i + 1];
}

function wasmDir(): string {
  return dirname(require.resolve("@prisma/schema-engine-wasm/schema_engine_bg"));
}

function datasourceUrl(): string | undefined {
  const given = option("--datasource");
  const parsed = given ? (JSON.parse(given) as { url?: string }) : {};
  return parsed.url ?? process.env.DATABASE_URL;
}

function log(level: "INFO" | "ERROR", fields: Record<string, unknown>): void {
  const target = level === "ERROR" ? "schema_engine::logger" : "schema_engine";
  process.stderr.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, fields, target })}\n`);
}

function fail(code: string, message: string, meta?: unknown): never {
  log("ERROR", { message, is_panic: false, error_code: code, meta });
  process.exit(1);
}

async function withClient(connectionString: string, fn: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await fn(client);
  } finally {
    await client.end();
  }
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `schema-engine cli <command>`: whether a database can be reached, made, dropped. */
async function runCliCommand(command: string, url: string): Promise<void> {
  log("INFO", { message: "Starting schema engine CLI" });
  const parsed = new URL(url);
  const database = decodeURIComponent(parsed.pathname.slice(1)) || "postgres";
  const maintenance = new URL(url);
  maintenance.pathname = "/postgres";
  maintenance.search = "";
  try {
    if (command === "can-connect-to-database") {
      await withClient(url, async () => undefined);
      log("INFO", { message: "Connection successful" });
    } else if (command === "create-database") {
      await withClient(maintenance.toString(), (c) => c.query(`create database ${quoteName(database)}`));
      log("INFO", { message: `Successfully created ${database}` });
    } else if (command === "drop-database") {
      await withClient(maintenance.toString(), (c) =>
        c.query(`drop database if exists ${quoteName(database)} with (force)`),
      );
      log("INFO", { message: "The database was successfully dropped" });
    } else fail("P4000", `unknown command ${command}`);
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (code === "3D000") fail("P1003", `Database \`${database}\` does not exist`, { database_name: database });
    if (code === "28P01" || code === "28000") fail("P1000", `Authentication failed: ${message}`);
    if (code === "42P04") fail("P1009", `Database \`${database}\` already exists`);
    fail("P1001", `Can't reach database server at ${parsed.hostname}:${parsed.port}: ${message || code}`);
  }
}

/**
 * Connection settings as separate fields. adapter-pg lets `connectionString` win over `database`, so that with a string
 * the "shadow" database would be the real one and migrations would be replayed on it.
 */
function connectionFields(url: string): pg.ClientConfig {
  const u = new URL(url);
  const sslmode = u.searchParams.get("sslmode");
  const isTls = sslmode !== null && sslmode !== "disable" && sslmode !== "prefer";
  return {
    host: u.searchParams.get("host") ?? decodeURIComponent(u.hostname),
    port: Number(u.port || 5432),
    user: decodeURIComponent(u.username) || undefined,
    password: u.password ? decodeURIComponent(u.password) : undefined,
    database: decodeURIComponent(u.pathname.slice(1)) || "postgres",
    ssl: isTls ? { rejectUnauthorized: sslmode === "verify-full" || sslmode === "verify-ca" } : undefined,
  };
}

const CHAR_OID = 18;
const BPCHAR_OID = 1042;

/** Works around two faults of adapter-pg on one connection. */
function mend(adapter: AdapterInside, characterType: number): AdapterInside {
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  let charColumns: number[] = [];
  // The catalogue's one-byte type "char" (OID 18) is unknown to adapter-pg: read it as a character.
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    charColumns = [];
    if (result?.fields) {
      result.fields = result.fields.map((field, i) => {
        if (field.dataTypeID !== CHAR_OID) return field;
        charColumns.push(i);
        return Object.assign(Object.create(Object.getPrototypeOf(field)), field, { dataTypeID: BPCHAR_OID });
      });
    }
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const i of charColumns) result.columnTypes[i] = characterType;
    charColumns = [];
    return result;
  };
  // adapter-pg cuts a script at every ';', which breaks $$-quoted bodies: send it as one simple query.
  if (adapter.executeScript) {
    adapter.executeScript = async (script) => {
      try {
        await adapter.client.query(script);
      } catch (error) {
        adapter.onError(error);
      }
    };
  }
  if (adapter.startTransaction) {
    const startTransaction = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (level) => mend(await startTransaction(level), characterType);
  }
  return adapter;
}

async function makeAdapterFactory(url: string | undefined) {
  const { PrismaPg } = await import("@prisma/adapter-pg");
  const { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } = await import("@prisma/driver-adapter-utils");
  const fields = connectionFields(url ?? "postgresql://127.0.0.1:1/none");
  const schema = url ? (new URL(url).searchParams.get("schema") ?? undefined) : undefined;
  const options = schema ? { schema } : undefined;
  const mended = (adapter: Adapter): Adapter =>
    mend(adapter as unknown as AdapterInside, ColumnTypeEnum.Character) as unknown as Adapter;
  const main = new PrismaPg({ ...fields, max: 2 }, options);
  // adapter-pg drops its shadow database before it closes its pool, which fails; keep one of our own.
  const connectToShadowDb = async (): Promise<Adapter> => {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    const admin = new pg.Client(fields);
    await admin.connect();
    await admin.query(`create database ${quoteName(name)}`);
    const adapter = mended(await new PrismaPg({ ...fields, database: name, max: 2 }, options).connect());
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await admin.query(`drop database if exists ${quoteName(name)} with (force)`);
      await admin.end();
    };
    return adapter;
  };
  return bindMigrationAwareSqlAdapterFactory({
    provider: main.provider,
    adapterName: main.adapterName,
    connect: async () => mended(await main.connect()),
    connectToShadowDb,
  });
}

type Engine = Record<string, (params: unknown) => Promise<{ exitCode?: number; stdout?: string | null } | null>>;

async function loadEngine(): Promise<{ engine: Engine; registry: Registry }> {
  const glue = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const binary = readFileSync(join(wasmDir(), "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(binary, {
    "./schema_engine_bg.js": glue as unknown as WebAssembly.ModuleImports,
  });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  const factory = await makeAdapterFactory(datasourceUrl());
  const datamodels: [string, string][] = [];
  argv.forEach((arg, i) => {
    const path = argv[i + 1];
    if (arg === "-d" || arg === "--datamodels") datamodels.push([path, readFileSync(path, "utf8")]);
  });
  const onMessage = (message: unknown): void => log("INFO", { message: String(message) });
  const engine = await glue.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    onMessage,
    factory,
  );
  return { engine: engine as unknown as Engine, registry: factory.errorRegistry as unknown as Registry };
}

function send(message: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function toRpcError(error: unknown, registry: Registry | undefined): Record<string, unknown> {
  const thrown = error as EngineError;
  const found =
    registry?.lookupError?.(error) ??
    (typeof thrown?.id === "number" ? registry?.consumeError?.(thrown.id) : undefined);
  const real = found?.error ?? thrown;
  return {
    code: 4466,
    message: "An error happened. Check the data field for details.",
    data: {
      is_panic: false,
      message: real?.message ?? String(real),
      error_code: real?.code ?? null,
      meta: real?.meta ?? null,
    },
  };
}

/** Prints of the engine (a diff's text) travel as requests of their own, with ids that cannot meet the CLI's. */
const FIRST_PRINT_ID = 1_000_000;

async function serve(): Promise<void> {
  let loaded: Awaited<ReturnType<typeof loadEngine>> | undefined;
  let printId = FIRST_PRINT_ID;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!line.trim()) continue;
    const request = JSON.parse(line) as Rpc;
    if (!request.method) continue;
    try {
      loaded ??= await loadEngine();
      const method = request.method === "getDatabaseVersion" ? "version" : request.method;
      let result: unknown = { databaseName: "" };
      if (method !== "createDatabase") {
        const answer = await loaded.engine[method](request.params ?? {});
        result = answer ?? null;
        if (method === "diff" && answer?.stdout) {
          send({ id: printId++, method: "print", params: { content: answer.stdout.replace(/\n$/, "") } });
          result = { exitCode: answer.exitCode, stdout: null };
        }
      }
      send({ id: request.id, result });
    } catch (error) {
      send({ id: request.id, error: toRpcError(error, loaded?.registry) });
    }
  }
}

async function main(): Promise<void> {
  if (argv.includes("--version")) {
    const { version } = JSON.parse(readFileSync(join(wasmDir(), "package.json"), "utf8")) as { version: string };
    console.log(`schema-engine-wasm ${version}`);
    return;
  }
  const cli = argv.indexOf("cli");
  if (cli < 0) return serve();
  const url = datasourceUrl();
  if (!url) fail("P1013", "No database address: set DATABASE_URL.");
  return runCliCommand(argv[cli + 1], url);
}

process.on("SIGTERM", () => process.exit(0));
await main();
process.exit(0);
