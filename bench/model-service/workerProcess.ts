import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { SERVER_ENTRIES } from "@/scripts/build";

const FOLDER = join("dist", "bench");

/** Bundles worker and compute child as `npm run build` does, apart from it, so that a running instance is left alone. */
export async function bundleWorker(): Promise<string> {
  await build({
    absWorkingDir: process.cwd(),
    entryPoints: Object.entries(SERVER_ENTRIES).map(([out, path]) => ({ in: path, out })),
    outdir: FOLDER,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "error",
    alias: { "server-only": "./scripts/empty.ts" },
  });
  return join(process.cwd(), FOLDER, "worker.js");
}

export interface RunningWorker {
  /** Resident MiB of the worker itself, and the most it had. Linux only; elsewhere 0. */
  memory(): { nowMiB: number; peakMiB: number };
  stop(): Promise<void>;
}

/** The product's worker on a database and a data folder, with its own environment. */
export function startWorker(script: string, databaseUrl: string, dataDir: string): RunningWorker {
  const child: ChildProcess = spawn(process.execPath, [script], {
    env: {
      PATH: "/usr/bin:/bin",
      DATABASE_URL: databaseUrl,
      WINNOW_DATA_DIR: dataDir,
      WINNOW_LOG_LEVEL: "warn",
      NODE_ENV: "production",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  return {
    memory() {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
        const kib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
        return { nowMiB: kib("VmRSS") / 1024, peakMiB: kib("VmHWM") / 1024 };
      } catch {
        return { nowMiB: 0, peakMiB: 0 };
      }
    },
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
