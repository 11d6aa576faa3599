import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort, waitForEnd, worksIn } from "../../scripts/postgres/processes";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A build may be part of the first start. */
const READY_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 40_000;

export interface LaunchOptions {
  /** Made, and removed at the end, unless given. */
  dataDir?: string;
  port?: number;
  env?: Record<string, string>;
  /** Arguments of scripts/start.ts. */
  args?: string[];
}

/** A running instance, started the way a user starts it. */
export interface LaunchedWinnow {
  url: string;
  /** One-time link that makes the first administrator; undefined once there is one. */
  setupUrl: string | undefined;
  port: number;
  dataDir: string;
  /** Process id of the supervisor. */
  pid: number;
  child: ChildProcess;
  /** Everything written so far. */
  output: () => string;
  /** SIGTERM, and waits for the end. Returns the exit code. */
  stop: () => Promise<number | null>;
  /** stop(), and removes the data folder if it was made here. */
  cleanup: () => Promise<void>;
}

export interface FailedStart {
  code: number | null;
  output: string;
}

function makeDataDir(): string {
  const path = mkdtempSync(join(tmpdir(), "winnow-run-"));
  chmodSync(path, 0o755);
  return path;
}

function spawnStart(dataDir: string, port: number, options: LaunchOptions) {
  const env = { ...process.env, ...options.env } as NodeJS.ProcessEnv;
  // A test runner's own settings are not the instance's.
  for (const name of ["NODE_ENV", "NODE_OPTIONS", "VITEST", "WINNOW_LOG_LEVEL", "npm_lifecycle_event"]) {
    if (options.env?.[name] === undefined) delete env[name];
  }
  if (options.env?.DATABASE_URL === undefined) delete env.DATABASE_URL;
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/start.ts", ...(options.args ?? [])], {
    cwd: ROOT,
    env: { ...env, WINNOW_DATA_DIR: dataDir, PORT: String(port), HOST: "127.0.0.1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return { child, output: () => output };
}

/** Resolves when the line that says it is ready has come. Throws with the output when the start fails. */
export async function launchWinnow(options: LaunchOptions = {}): Promise<LaunchedWinnow> {
  const dataDir = options.dataDir ?? makeDataDir();
  const port = options.port ?? (await findFreePort());
  const { child, output } = spawnStart(dataDir, port, options);
  const removeData = (): void => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  const until = performance.now() + READY_TIMEOUT_MS;
  let ready: RegExpExecArray | null = null;
  while (!ready) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > until) {
      child.kill("SIGKILL");
      removeData();
      throw new Error(`Winnow did not start:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
    ready = /^winnow: (?:ready at|ready\. Create the first account at) (\S+)$|^winnow: the worker is running$/m.exec(
      output(),
    );
  }
  const link = ready[1] ?? `http://127.0.0.1:${port}`;
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await new Promise((resolve) => child.once("exit", resolve));
      clearTimeout(timer);
    }
    return child.exitCode;
  };
  return {
    url: new URL(link).origin,
    setupUrl: link.includes("/setup?token=") ? link : undefined,
    port,
    dataDir,
    pid: child.pid as number,
    child,
    output,
    stop,
    cleanup: async () => {
      await stop();
      await endLeftovers(dataDir);
      removeData();
    },
  };
}

/** Starts and waits for the start to be refused. */
export async function launchExpectingFailure(options: LaunchOptions): Promise<FailedStart> {
  const dataDir = options.dataDir ?? makeDataDir();
  const { child, output } = spawnStart(dataDir, options.port ?? (await findFreePort()), options);
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  return { code, output: output() };
}

/** Process id of the embedded PostgreSQL of a data folder; undefined when none runs there. */
export function postgresPid(dataDir: string): number | undefined {
  try {
    const cluster = realpathSync(join(dataDir, "postgres"));
    const pid = Number(readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n")[0]);
    // The file outlives a killed server, and its number may be another program's by now.
    return worksIn(pid, cluster) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a PostgreSQL that a killed supervisor left behind. */
async function endLeftovers(dataDir: string): Promise<void> {
  const pid = postgresPid(dataDir);
  if (pid === undefined) return;
  try {
    process.kill(pid, "SIGQUIT");
  } catch {
    return;
  }
  await waitForEnd(pid, STOP_TIMEOUT_MS);
}
