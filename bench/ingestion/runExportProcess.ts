import { systemClock } from "@/server/clock";
import { createPool } from "@/server/db";
import { writeExport } from "@/server/exporting";
import { loadProject } from "@/server/projects";

/**
 * Carries out one export in a process of its own, so that its memory can be measured. The parts are encoded and counted.
 * Usage: tsx runExportProcess.ts <database url> <project id> <items|annotations> <csv|jsonl>
 * Prints one line of JSON: bytes, seconds, peak RSS in MiB.
 */
const [url, projectId, what, format] = process.argv.slice(2);
const db = createPool({ connectionString: url, max: 3, applicationName: "winnow export process" });
const project = await loadProject(db, Number(projectId));
const startedMs = performance.now();
const { parts } = await writeExport(
  { db, clock: systemClock, actor: { kind: "system", id: "bench" }, project },
  { what: what as "items", format: format as "csv", isRaw: false },
);
const encoder = new TextEncoder();
let bytes = 0;
let firstByteMs: number | undefined;
for await (const part of parts) {
  firstByteMs ??= performance.now() - startedMs;
  bytes += encoder.encode(part).length;
}
const seconds = (performance.now() - startedMs) / 1000;
const peakRssMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ bytes, seconds, firstByteMs, peakRssMiB })}\n`);
await db.end();
