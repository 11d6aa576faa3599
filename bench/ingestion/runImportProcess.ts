import { systemClock } from "@/server/clock";
import { createPool } from "@/server/db";
import { runImport } from "@/server/ingestion/runImport";
import { blobFolder, openFsBlobStore } from "@/server/storage";

/**
 * Carries out one import in a process of its own, so that it can be killed and its memory measured.
 * Usage: tsx runImportProcess.ts <database url> <data folder> <project id> <import number>
 * Prints "batch <records>" per progress report, at the end one line of JSON with outcome, seconds and peak RSS in MiB.
 */
const [url, dataDir, projectId, number] = process.argv.slice(2);
const db = createPool({ connectionString: url, max: 4, applicationName: "winnow import process" });
const storage = openFsBlobStore(blobFolder(dataDir));
const startedMs = performance.now();
const outcome = await runImport(
  {
    db,
    clock: systemClock,
    storage,
    signal: new AbortController().signal,
    jobRunId: "00000000-0000-4000-8000-000000000000",
    progress: async ({ message }) => {
      process.stdout.write(`batch ${message}\n`);
    },
  },
  Number(projectId),
  Number(number),
);
const seconds = (performance.now() - startedMs) / 1000;
// maxRSS is in KiB on Linux and macOS as Node reports it.
const usage = process.resourceUsage();
const cpuSeconds = (usage.userCPUTime + usage.systemCPUTime) / 1e6;
process.stdout.write(`${JSON.stringify({ ...outcome, seconds, cpuSeconds, peakRssMiB: usage.maxRSS / 1024 })}\n`);
await db.end();
