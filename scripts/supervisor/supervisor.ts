import { join } from "node:path";
import type { Env } from "../../server/env";
import { DIST, ensureBuilt, nextProgram, ROOT } from "../build";
import { applyMigrations } from "../migrate";
import { sleep } from "../postgres/processes";
import { checkPort } from "./checkPort";
import { EmbeddedDatabase } from "./embeddedDatabase";
import { takeStartLock } from "./startLock";
import { SupervisedProcess } from "./supervisedProcess";

export type Part = "web" | "worker";

export interface SupervisorOptions {
  env: Env;
  /** Which processes to run; both with an embedded database. */
  parts: readonly Part[];
  /** Serve from the sources, again after each edit. */
  isDevelopment: boolean;
  say: (message: string) => void;
}

export interface Started {
  url: string;
  /** The one-time link that makes the first administrator, while there is none. */
  setupUrl: string | undefined;
  databaseUrl: string;
}

const READY_POLL_MS = 50;
const READY_TIMEOUT_MS = 120_000;
/** A part that dies this often before it was ever ready will not come up by trying again. */
const YOUNG_DEATHS_MAX = 3;

/** Runs everything of one instance on this machine: database (unless given), migrations, web, worker. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #processes: SupervisedProcess[] = [];
  #database: EmbeddedDatabase | undefined;
  #releaseLock: (() => void) | undefined;
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /**
   * Starts everything; resolves when the web process answers.
   * @returns its address, and the one-time link that makes the first administrator while there is none.
   */
  async start(onFatal: (error: Error) => void): Promise<Started> {
    const { env, parts, isDevelopment, say } = this.#options;
    const isWeb = parts.includes("web");
    const port = isWeb ? await checkPort(env.port, env.host) : env.port;
    if (!env.databaseUrl) this.#releaseLock = takeStartLock(env.dataDir, port);
    await ensureBuilt({ withoutWeb: isDevelopment, onStep: say });
    const databaseUrl = env.databaseUrl ?? (await this.#startDatabase(onFatal));
    const { applied, edited } = await applyMigrations(databaseUrl);
    if (applied.length > 0) say(`brought the database up to date (${applied.length} migrations)`);
    for (const name of edited) say(`warning: migration ${name} was edited after it was applied`);
    const token = isWeb ? await readSetupToken(databaseUrl) : undefined;
    if (this.#isStopping) return { url: env.publicUrl, setupUrl: undefined, databaseUrl };
    for (const part of parts) this.#launch(part, databaseUrl, port);
    const url = env.port === 0 ? env.publicUrl.replace(/:0$/, `:${port}`) : env.publicUrl;
    if (isWeb) await this.#waitUntilReady(env.host, port);
    return { url, setupUrl: token ? `${url}/setup?token=${token}` : undefined, databaseUrl };
  }

  /** Stops web and worker, then the database: nothing is left running. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await Promise.all(this.#processes.map((process) => process.stop()));
    await this.#database?.stop();
    this.#releaseLock?.();
  }

  /** Ends the processes without waiting for their work; the database still closes in order. */
  killProcesses(): void {
    for (const process of this.#processes) process.killNow();
  }

  async #startDatabase(onFatal: (error: Error) => void): Promise<string> {
    this.#database = new EmbeddedDatabase(this.#options.env.dataDir, this.#options.say);
    await this.#database.start(onFatal);
    return this.#database.url;
  }

  #launch(part: Part, databaseUrl: string, port: number): void {
    const { env, isDevelopment, say } = this.#options;
    const args = part === "web" ? this.#webArguments(port) : this.#workerArguments();
    const supervised = new SupervisedProcess(
      {
        name: part,
        command: process.execPath,
        args,
        cwd: ROOT,
        showOutput: isDevelopment,
        env: {
          ...process.env,
          NODE_ENV: isDevelopment ? "development" : "production",
          NEXT_TELEMETRY_DISABLED: "1",
          DATABASE_URL: databaseUrl,
          WINNOW_DATA_DIR: env.dataDir,
          WINNOW_SUPERVISED: "1",
          WINNOW_LOG_FORMAT: env.logFormat,
          PORT: String(port),
          HOST: env.host,
        },
      },
      say,
    );
    this.#processes.push(supervised);
    supervised.start();
  }

  #webArguments(port: number): string[] {
    const { env, isDevelopment } = this.#options;
    return [nextProgram(), isDevelopment ? "dev" : "start", "-p", String(port), "-H", env.host];
  }

  #workerArguments(): string[] {
    if (!this.#options.isDevelopment) return ["--enable-source-maps", join(DIST, "worker.js")];
    return [join(ROOT, "node_modules", "tsx", "dist", "cli.mjs"), "watch", join(ROOT, "server", "worker", "main.ts")];
  }

  async #waitUntilReady(host: string, port: number): Promise<void> {
    const address = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
    const until = performance.now() + READY_TIMEOUT_MS;
    while (!this.#isStopping) {
      const dead = this.#processes.find((process) => process.youngDeaths >= YOUNG_DEATHS_MAX);
      if (dead) throw new Error("A process ended again and again before it was ready; its messages stand above.");
      if (performance.now() > until)
        throw new Error(`No answer from the web process within ${READY_TIMEOUT_MS / 1000} s.`);
      try {
        const answer = await fetch(`http://${address}:${port}/api/health`, { signal: AbortSignal.timeout(5_000) });
        if (answer.ok) return;
      } catch {
        // Not listening yet.
      }
      await sleep(READY_POLL_MS);
    }
  }
}

async function readSetupToken(databaseUrl: string): Promise<string | undefined> {
  // Loaded here and not above: the database client they stand on is made by the build, after a fresh clone has started.
  const [{ ensureSetupToken }, { systemClock }, { createPool }] = await Promise.all([
    import("../../server/access"),
    import("../../server/clock"),
    import("../../server/db"),
  ]);
  const pool = createPool({ connectionString: databaseUrl, max: 1 });
  try {
    return (await ensureSetupToken(pool, systemClock)) ?? undefined;
  } finally {
    await pool.end();
  }
}
