import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import pg from "pg";
import type { NativePostgres } from "./nativePostgres";
import { findNativePostgres } from "./nativePostgres";
import { findFreePort, processesIn, signalQuietly, sleep, worksIn } from "./processes";
import type { ServerAccount } from "./serverAccount";
import { findClosedFolder, findServerAccount } from "./serverAccount";

const SUPERUSER = "postgres";
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
/** A dead server's lock file or memory may outlive it for some seconds. */
const START_ATTEMPTS_MAX = 60;
const ATTEMPT_PAUSE_MS = 250;
const ANSWER_TIMEOUT_MS = 5_000;
const END_TIMEOUT_MS = 1_000;
const OUTPUT_KEPT = 3_000;
const LOG_BYTES_MAX = 10 * 1024 * 1024;
const STILL_HELD = /already exists|pre-existing shared memory|still in use|could not bind|Address already in use/i;
/** Where database files go when the data folder lies behind a folder that only root may enter. */
const RELOCATION_ROOT = "/var/lib/winnow";

/** Settings for a server that keeps its promises and shares a machine with Node and model training. */
const DURABLE_SETTINGS: Record<string, string> = {
  max_connections: "200",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  random_page_cost: "1.1",
  jit: "off",
  log_min_messages: "warning",
  log_checkpoints: "off",
  log_line_prefix: "%m [%p] ",
  // A client machine that vanished must not hold its locks for hours.
  tcp_keepalives_idle: "30",
  tcp_keepalives_interval: "10",
  tcp_keepalives_count: "3",
};

/** For tests: nothing has to survive a power cut. */
export const THROWAWAY_SETTINGS: Record<string, string> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum: "off",
  shared_buffers: "128MB",
};

export interface EmbeddedPostgresOptions {
  /** Database files live in `<dataDir>/postgres`, the password in `<dataDir>/postgres.password`. */
  dataDir: string;
  /** Database to make when it is missing. */
  database: string;
  /** Override the server's settings. */
  settings?: Record<string, string>;
  /** Told what takes time. */
  onStep?: (message: string) => void;
}

/**
 * A real PostgreSQL in a local folder. start() makes the cluster when there is none, adopts a server that an earlier,
 * killed supervisor left running on the same folder, and otherwise starts one on a free port of 127.0.0.1; the port
 * stays the same for the life of this object, so that clients find a restarted server. The superuser's password is random
 * and stands in the data folder, readable by its owner only.
 */
export class EmbeddedPostgres {
  readonly #options: EmbeddedPostgresOptions;
  readonly #account: ServerAccount | undefined;
  #native: NativePostgres | undefined;
  #child: ChildProcess | undefined;
  #pid: number | undefined;
  #port: number | undefined;
  #clusterDir: string;

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = { ...options, dataDir: resolve(options.dataDir) };
    this.#account = findServerAccount();
    this.#clusterDir = join(this.#options.dataDir, "postgres");
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** Connection string of a database, the configured one unless told otherwise. */
  url(database = this.#options.database): string {
    if (this.#port === undefined) throw new Error("PostgreSQL has not been started.");
    return `postgresql://${SUPERUSER}:${this.#password()}@127.0.0.1:${this.#port}/${database}`;
  }

  get isRunning(): boolean {
    const child = this.#child;
    if (child) return child.exitCode === null && child.signalCode === null;
    // Adopted: only its number is known, and numbers are given out again.
    return this.#pid !== undefined && worksIn(this.#pid, this.#clusterDir);
  }

  async start(): Promise<{ adopted: boolean }> {
    this.#prepareFolders();
    // Asked for here, so that a missing one is said at once.
    this.#password();
    if (await this.#adopt()) {
      await this.#createDatabase();
      return { adopted: true };
    }
    this.#native ??= findNativePostgres(this.#account);
    if (!existsSync(join(this.#clusterDir, "PG_VERSION"))) await this.#initialise();
    this.#checkVersion();
    await this.#startServer();
    await this.#createDatabase();
    return { adopted: false };
  }

  /** Ends all sessions, writes everything out, stops the server. */
  async stop(): Promise<void> {
    // SIGINT is PostgreSQL's "fast" shutdown: sessions are ended, nothing is lost.
    for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
      if (!this.isRunning) break;
      signalQuietly(this.#pid as number, signal);
      const until = performance.now() + STOP_TIMEOUT_MS;
      while (this.isRunning && performance.now() < until) await sleep(20);
    }
    this.#pid = undefined;
    this.#child = undefined;
  }

  #step(message: string): void {
    this.#options.onStep?.(message);
  }

  #password(): string {
    const path = join(this.#options.dataDir, "postgres.password");
    try {
      return readFileSync(path, "utf8").trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    if (existsSync(join(this.#clusterDir, "PG_VERSION"))) {
      throw new Error(`${path} is missing, and with it the way into the database beside it. Restore it from a backup.`);
    }
    const password = randomBytes(24).toString("hex");
    writeFileSync(path, `${password}\n`, { mode: 0o600, flag: "wx" });
    return password;
  }

  #prepareFolders(): void {
    const { dataDir } = this.#options;
    const account = this.#account;
    // Another account must be able to pass through; what is secret inside has modes of its own.
    mkdirSync(dataDir, { recursive: true, mode: account ? 0o755 : 0o700 });
    const cluster = join(dataDir, "postgres");
    if (account && !existsSync(cluster)) {
      const closed = findClosedFolder(dataDir, account);
      if (closed) this.#relocate(cluster, closed);
    }
    mkdirSync(cluster, { recursive: true, mode: 0o700 });
    this.#clusterDir = realpathSync(cluster);
    // A volume may have been made with other rights; PostgreSQL wants its folder for itself.
    chmodSync(this.#clusterDir, 0o700);
    if (!account) return;
    chownSync(this.#clusterDir, account.uid, account.gid);
    const closed = findClosedFolder(this.#clusterDir, account);
    if (closed) {
      throw new Error(
        `PostgreSQL runs as "${account.name}" (it refuses to run as root), and that account may not enter ${closed}. Allow it with \`chmod o+x ${closed}\`, or choose another WINNOW_DATA_DIR.`,
      );
    }
  }

  /** Puts the database's files where PostgreSQL's account can reach them, and a link in their place. */
  #relocate(cluster: string, closed: string): void {
    mkdirSync(RELOCATION_ROOT, { recursive: true, mode: 0o755 });
    const home = join(
      RELOCATION_ROOT,
      `${basename(this.#options.dataDir).replace(/\W+/g, "")}-${randomBytes(6).toString("hex")}`,
    );
    mkdirSync(home, { mode: 0o700 });
    symlinkSync(home, cluster);
    this.#step(
      `only root may enter ${closed}, and PostgreSQL refuses to run as root: its files go to ${home}, linked from ${cluster}`,
    );
  }

  #checkVersion(): void {
    const found = readFileSync(join(this.#clusterDir, "PG_VERSION"), "utf8").trim();
    const ours = this.#native?.version.split(".")[0];
    if (found !== ours) {
      throw new Error(
        `The database in ${this.#clusterDir} was made by PostgreSQL ${found}; this Winnow brings PostgreSQL ${ours}. Start the Winnow that made it, export, and import here.`,
      );
    }
  }

  #spawnOptions() {
    const ids = this.#account ? { uid: this.#account.uid, gid: this.#account.gid } : {};
    const env = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" } as unknown as NodeJS.ProcessEnv;
    return { ...ids, cwd: "/", env };
  }

  /** initdb into a folder beside, renamed when done, so that an interrupted one leaves nothing half-made. */
  async #initialise(): Promise<void> {
    this.#step("making a new database");
    const draft = join(this.#clusterDir, "cluster.draft");
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    const passwordFile = join(this.#clusterDir, "password.draft");
    writeFileSync(passwordFile, this.#password(), { mode: 0o600 });
    if (this.#account) {
      chownSync(draft, this.#account.uid, this.#account.gid);
      chownSync(passwordFile, this.#account.uid, this.#account.gid);
    }
    const args = ["-D", draft, "-U", SUPERUSER, "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8"];
    args.push("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions");
    if (this.#options.settings?.fsync === "off") args.push("--no-sync");
    await this.#run("initdb", args);
    rmSync(passwordFile);
    // PG_VERSION is what says that the cluster is whole: it moves last.
    this.#moveInto(draft);
  }

  #moveInto(draft: string): void {
    const names = readdirSync(draft).filter((name) => name !== "PG_VERSION");
    for (const name of [...names, "PG_VERSION"]) {
      const target = join(this.#clusterDir, name);
      rmSync(target, { recursive: true, force: true });
      renameSync(join(draft, name), target);
    }
    rmSync(draft, { recursive: true, force: true });
  }

  #run(program: string, args: string[]): Promise<void> {
    const native = this.#native as NativePostgres;
    return new Promise((done, fail) => {
      let output = "";
      const child = spawn(native.program(program), args, {
        ...this.#spawnOptions(),
        stdio: ["ignore", "pipe", "pipe"],
      });
      const keep = (chunk: Buffer): void => {
        output = (output + chunk.toString()).slice(-4_000);
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.once("error", fail);
      child.once("close", (code) => (code === 0 ? done() : fail(new Error(`${program} failed (${code}):\n${output}`))));
    });
  }

  #readPidFile(): { pid: number; port: number } | undefined {
    try {
      const lines = readFileSync(join(this.#clusterDir, "postmaster.pid"), "utf8").split("\n");
      return { pid: Number(lines[0]), port: Number(lines[3]) };
    } catch {
      return undefined;
    }
  }

  /** Takes over a server that runs on this very folder. */
  async #adopt(): Promise<boolean> {
    const running = this.#readPidFile();
    if (!running || !worksIn(running.pid, this.#clusterDir) || !Number.isInteger(running.port)) return false;
    try {
      const found = await withClient(this.#urlAt(running.port, "postgres"), async (client) => {
        const { rows } = await client.query<{ data_directory: string }>("show data_directory");
        return realpathSync(rows[0].data_directory);
      });
      if (found !== this.#clusterDir) return false;
      this.#pid = running.pid;
      this.#child = undefined;
      this.#port = running.port;
      return true;
    } catch {
      // The number belongs to another program by now, or the server is going down: the start below tells.
      return false;
    }
  }

  #urlAt(port: number, database: string): string {
    return `postgresql://${SUPERUSER}:${this.#password()}@127.0.0.1:${port}/${database}`;
  }

  async #startServer(): Promise<void> {
    const keepsPort = this.#port !== undefined;
    for (let n = 1; ; n++) {
      this.#port = keepsPort ? this.#port : await findFreePort();
      const failure = await this.#tryServer(this.#port as number);
      if (!failure) return;
      const isPassing = failure.signal !== null || STILL_HELD.test(failure.output);
      if (n >= START_ATTEMPTS_MAX || !isPassing) {
        throw new Error(`PostgreSQL did not start:\n${failure.output.trim()}\nIts log is ${this.#logPath()}.`);
      }
      if (n === 1 && failure.signal === null) this.#step("waiting for the last PostgreSQL to be gone");
      this.#removeDeadLock();
      await sleep(ATTEMPT_PAUSE_MS);
    }
  }

  /**
   * PostgreSQL takes the number in its lock file for a living server when any process has it: a zombie that no init
   * process collects, or, in a container that was started again, a stranger. The file may go when no process works in
   * the folder.
   */
  #removeDeadLock(): void {
    const running = this.#readPidFile();
    if (process.platform !== "linux" || !running) return;
    if (processesIn(this.#clusterDir).length === 0) rmSync(join(this.#clusterDir, "postmaster.pid"), { force: true });
  }

  #logPath(): string {
    return join(this.#options.dataDir, "postgres.log");
  }

  /** Starts the server once. Undefined: it answers. Otherwise how it ended, and what it said before. */
  async #tryServer(port: number): Promise<{ signal: string | null; output: string } | undefined> {
    const log = this.#logPath();
    const sizeBefore = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeBefore > LOG_BYTES_MAX) renameSync(log, `${log}.1`);
    const from = sizeBefore > LOG_BYTES_MAX ? 0 : sizeBefore;
    const settings: Record<string, string> = {
      ...DURABLE_SETTINGS,
      ...this.#options.settings,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
    };
    const args = ["-D", this.#clusterDir, "-p", String(port)];
    for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
    const native = this.#native as NativePostgres;
    const fd = openSync(log, "a", 0o600);
    // Its own process group: a terminal's Ctrl-C must not stop the database before its clients.
    const child = spawn(native.program("postgres"), args, {
      ...this.#spawnOptions(),
      stdio: ["ignore", fd, fd],
      detached: true,
    });
    closeSync(fd);
    let spawnError: Error | undefined;
    child.once("error", (error) => {
      spawnError = error;
    });
    this.#pid = child.pid;
    this.#child = child;
    const until = performance.now() + READY_TIMEOUT_MS;
    while (!spawnError && child.exitCode === null && child.signalCode === null) {
      if (await this.#answers(port)) return undefined;
      if (performance.now() > until) {
        await this.stop();
        return { signal: null, output: `no answer on port ${port} within ${READY_TIMEOUT_MS / 1000} s` };
      }
      await sleep(20);
    }
    this.#pid = undefined;
    this.#child = undefined;
    if (spawnError) return { signal: null, output: spawnError.message };
    return { signal: child.signalCode, output: readMessages(log, from) };
  }

  async #answers(port: number): Promise<boolean> {
    try {
      await withClient(this.#urlAt(port, "postgres"), (client) => client.query("select 1"));
      return true;
    } catch {
      return false;
    }
  }

  async #createDatabase(): Promise<void> {
    const { database } = this.#options;
    await withClient(this.url("postgres"), async (client) => {
      const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
      if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)}`);
    });
  }
}

/** What the server wrote since `from`, without the lines that turned early clients away. */
function readMessages(log: string, from: number): string {
  const lines = readFileSync(log).subarray(from).toString("utf8").split("\n");
  const isNoise = /the database system is (starting up|not yet accepting)|Consistent recovery state has not/;
  return lines
    .filter((line) => !isNoise.test(line))
    .join("\n")
    .slice(-OUTPUT_KEPT);
}

/**
 * Runs `fn` on a connection of its own. Every wait is bounded: a server that is killed at the wrong moment must not hold
 * up the one that looks after it.
 */
async function withClient<T>(connectionString: string, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
  });
  // A connection lost outside a query is reported here only; the next query fails by itself.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await fn(client);
  } finally {
    await Promise.race([client.end().catch(() => undefined), sleep(END_TIMEOUT_MS)]);
  }
}
