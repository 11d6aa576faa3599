/**
 * Starts Winnow. `npm start`: everything, with a PostgreSQL of its own unless DATABASE_URL names one. `npm run start:web`
 * and `npm run start:worker` run one part against DATABASE_URL; `npm run dev` serves from the sources.
 */
import { parseEnv } from "../server/env";
import { watchLauncher } from "./supervisor/launcher";
import type { Part } from "./supervisor/supervisor";
import { Supervisor } from "./supervisor/supervisor";

const NODE_MIN = [20, 19] as const;

function checkNode(): void {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new Error(`Winnow needs Node ${NODE_MIN.join(".")} or newer; this is ${process.versions.node}.`);
}

function readParts(): readonly Part[] {
  const only = process.argv.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
  if (only === undefined) return ["web", "worker"];
  if (only === "web" || only === "worker") return [only];
  throw new Error(`--only takes web or worker, not "${only}".`);
}

function say(message: string): void {
  console.log(`winnow: ${message}`);
}

async function main(): Promise<void> {
  checkNode();
  const isDevelopment = process.argv.includes("--dev");
  const parts = readParts();
  const env = parseEnv({ ...process.env, NODE_ENV: isDevelopment ? "development" : "production" });
  if (parts.length === 1 && !env.databaseUrl) {
    throw new Error(
      "A single part needs DATABASE_URL: the PostgreSQL that all parts share. `npm start` runs everything with one of its own.",
    );
  }
  const supervisor = new Supervisor({ env, parts, isDevelopment, say });
  let nSignals = 0;
  const stop = async (code: number): Promise<void> => {
    if (++nSignals > 1) return supervisor.killProcesses();
    await supervisor.stop();
    say("stopped");
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (nSignals === 0) say("stopping");
      void stop(0);
    });
  }
  watchLauncher(() => void stop(0));
  const fail = (error: unknown): void => {
    if (nSignals > 0) return;
    console.error(`winnow: ${error instanceof Error ? error.message : String(error)}`);
    void stop(1);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  try {
    const { url, setupUrl, databaseUrl } = await supervisor.start(fail);
    if (nSignals > 0) return;
    if (!parts.includes("web")) say("the worker is running");
    else if (setupUrl) say(`ready. Create the first account at ${setupUrl}`);
    else say(`ready at ${url}`);
    if (process.argv.includes("--demo")) {
      // Loaded here: it stands on the database client, which a fresh clone has only now.
      const { runDemo } = await import("./demo/runDemo");
      await runDemo({ databaseUrl, dataDir: env.dataDir, url, say, isStopping: () => nSignals > 0 });
    }
  } catch (error) {
    fail(error);
  }
}

await main().catch((error: unknown) => {
  console.error(`winnow: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
