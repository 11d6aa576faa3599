/**
 * Builds what the product runs from: kernels, database client, web application, worker. Each step is skipped while what
 * it reads is unchanged. `npm run build`; `npm start` does it by itself.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ensureKernelsBuilt } from "./buildKernels";
import type { ProcessMark } from "./postgres/processes";
import { isMarkedAlive, markOf, sleep } from "./postgres/processes";

export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
export const DIST = join(ROOT, "dist");

const require = createRequire(import.meta.url);
const IGNORED = /(^|\/)(node_modules|\.next|dist|golden|fixtures)(\/|$)|\.(test|bench)\.tsx?$/;
const OUTPUT_KEPT = 6_000;
const LOCK_POLL_MS = 300;
/** A step that takes long says so this often, so that nobody thinks it hangs. */
const STILL_EVERY_MS = 15_000;
/** A step that took this long says when it is done. */
const SAID_FROM_S = 5;

/** Entry points that run outside Next, each bundled to one file dist/<name>.js: the worker looks for its child beside it. */
export const SERVER_ENTRIES: Record<string, string> = {
  worker: "server/worker/main.ts",
  computeChild: "server/compute/child.ts",
};

interface BuildStep {
  name: string;
  /** What it says when it has work to do. */
  says: string;
  /** Files and folders it reads. */
  inputs: string[];
  /** Files whose absence means that it has to run. */
  outputs: string[];
  run: () => Promise<void>;
}

async function listFiles(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return existsSync(path) ? [path] : [];
  const lists = await Promise.all(
    entries
      .filter((entry) => !IGNORED.test(relative(ROOT, join(path, entry.name))))
      .map((entry) => (entry.isDirectory() ? listFiles(join(path, entry.name)) : [join(path, entry.name)])),
  );
  return lists.flat();
}

async function hashInputs(inputs: readonly string[]): Promise<string> {
  const files = (await Promise.all(inputs.map((input) => listFiles(join(ROOT, input))))).flat().sort();
  const hash = createHash("sha256").update(process.version);
  for (const file of files) {
    hash.update(`${relative(ROOT, file)}\0`);
    hash.update(await readFile(file));
    hash.update("\0");
  }
  return hash.digest("hex");
}

function run(command: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  return new Promise((done, fail) => {
    let output = "";
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", fail);
    child.once("close", (code, signal) => {
      if (code === 0) done();
      else fail(new Error(`${[command, ...args].join(" ")} ended with ${code ?? signal}:\n${output}`));
    });
  });
}

async function bundleServerEntries(): Promise<void> {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(SERVER_ENTRIES).map(([out, path]) => ({ in: path, out })),
    outdir: "dist",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    sourcemap: true,
    logLevel: "error",
    // Marks a React server module; in the worker it has no meaning, and the package would throw.
    alias: { "server-only": "./scripts/empty.ts" },
  });
}

const SOURCES = ["contracts", "server", "strategies", "task-types", "package-lock.json", "tsconfig.json"];

const STEPS: BuildStep[] = [
  {
    name: "database-client",
    says: "generating the database client",
    inputs: ["prisma/schema.prisma", "prisma.config.ts", "package-lock.json", "scripts/schemaEngine.ts"],
    outputs: ["server/generated/prisma/client.ts"],
    run: () => run(process.execPath, [require.resolve("prisma/build/index.js"), "generate"]),
  },
  {
    name: "worker",
    says: "bundling the worker and its compute process",
    inputs: [...SOURCES, "scripts/build.ts"],
    outputs: Object.keys(SERVER_ENTRIES).map((name) => `dist/${name}.js`),
    run: bundleServerEntries,
  },
  {
    name: "web",
    says: "building the web application (about half a minute, after a change only)",
    inputs: [
      ...SOURCES,
      "app",
      "public",
      "next.config.js",
      "postcss.config.mjs",
      "proxy.ts",
      "instrumentation.ts",
      "instrumentation.node.ts",
    ],
    outputs: [".next/BUILD_ID"],
    run: () =>
      run(process.execPath, [nextProgram(), "build"], { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" }),
  },
];

/** Path of Next's command-line program. */
export function nextProgram(): string {
  return join(dirname(require.resolve("next/package.json")), "dist", "bin", "next");
}

function stampPath(name: string): string {
  return join(DIST, "stamps", name);
}

async function runStep(step: BuildStep, onStep: (message: string) => void): Promise<void> {
  const hash = await hashInputs(step.inputs);
  const stamp = stampPath(step.name);
  const isWhole = step.outputs.every((output) => existsSync(join(ROOT, output)));
  if (isWhole && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  onStep(step.says);
  rmSync(stamp, { force: true });
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 1000);
  const timer = setInterval(() => onStep(`still ${step.says.replace(/ \(.*/, "")}, ${seconds()} s`), STILL_EVERY_MS);
  try {
    await step.run();
  } finally {
    clearInterval(timer);
  }
  if (seconds() >= SAID_FROM_S) onStep(`done with ${step.says.replace(/ \(.*/, "")}, ${seconds()} s`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

function readMark(path: string): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessMark;
  } catch {
    // Given free in this moment, or being written.
    return undefined;
  }
}

/** Two starts in one clone must not build over each other: the second waits for the first, then finds nothing to do. */
async function withBuildLock<T>(onStep: (message: string) => void, fn: () => Promise<T>): Promise<T> {
  mkdirSync(DIST, { recursive: true });
  const lock = join(DIST, "build.lock");
  for (let n = 0; ; n++) {
    try {
      writeFileSync(lock, JSON.stringify(markOf(process.pid)), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = readMark(lock);
    if (owner && !isMarkedAlive(owner)) rmSync(lock, { force: true });
    else if (n === 0) onStep("waiting for another build in this folder");
    await sleep(LOCK_POLL_MS);
  }
  try {
    return await fn();
  } finally {
    rmSync(lock, { force: true });
  }
}

export interface BuildOptions {
  /** Leave out the web application: development serves it from its sources. */
  withoutWeb?: boolean;
  /** Only what type checks and tests need: kernels and the database client. */
  onlyGenerated?: boolean;
  onStep?: (message: string) => void;
}

/** Brings everything up to date. Throws with the end of the failing step's output. */
export async function ensureBuilt(options: BuildOptions = {}): Promise<void> {
  const onStep = options.onStep ?? (() => undefined);
  await withBuildLock(onStep, async () => {
    const kernels = await ensureKernelsBuilt();
    if (kernels.isRebuilt) onStep("compiled the kernels");
    for (const step of STEPS) {
      if (options.onlyGenerated && step.name !== "database-client") continue;
      if (options.withoutWeb && step.name !== "database-client") continue;
      await runStep(step, onStep);
    }
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const onlyGenerated = process.argv.includes("--generated");
  await ensureBuilt({ onlyGenerated, onStep: (message) => console.log(message) }).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
