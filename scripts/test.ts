/**
 * Everything that must hold, one after the other, to the end: `npm test`. Each check counts as one, each test as one; the
 * last line is the sum. `--only=types,rules,format,build,vitest,e2e` runs a part.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, nextProgram, ROOT } from "./build";

const REPORTS = join(ROOT, "test-results", "reports");
const MINUTE_MS = 60_000;

/** Set by Ctrl-C or SIGTERM: the running program is ended, nothing more is begun. */
let isInterrupted = false;

interface Tally {
  passed: number;
  failed: number;
}

interface Suite {
  name: "types" | "rules" | "format" | "build" | "vitest" | "system" | "e2e";
  title: string;
  run: () => Promise<Tally>;
}

/** Runs a program with our output; resolves with its exit code, 124 when it had to be ended for taking too long. */
function runProgram(args: string[], timeoutMs: number, env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...env },
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    });
    const end = (signal: NodeJS.Signals): void => {
      try {
        process.kill(-(child.pid as number), signal);
      } catch {
        // It has ended by itself.
      }
    };
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      console.error(`Took longer than ${timeoutMs / MINUTE_MS} minutes; ended.`);
      end("SIGTERM");
      setTimeout(() => end("SIGKILL"), 10_000).unref();
    }, timeoutMs);
    const onSignal = (signal: NodeJS.Signals): void => {
      isInterrupted = true;
      end(signal);
    };
    process.once("SIGINT", onSignal);
    process.once("SIGTERM", onSignal);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      process.removeListener("SIGINT", onSignal);
      process.removeListener("SIGTERM", onSignal);
      resolve(isLate ? 124 : (code ?? 1));
    });
  });
}

function packageProgram(name: string, path: string): string {
  return join(ROOT, "node_modules", name, path);
}

/** A check that passes or fails as a whole. */
async function checkAll(programs: string[][], timeoutMs: number): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0 };
  for (const program of programs) {
    const code = await runProgram(program, timeoutMs);
    if (code === 0) tally.passed++;
    else tally.failed++;
  }
  return tally;
}

async function checkTypes(): Promise<Tally> {
  const tsc = packageProgram("@typescript/native", "bin/tsc");
  // Declares style sheets and routes to the compiler; made here because a fresh clone has not been built yet.
  const codeOfTypegen = await runProgram([nextProgram(), "typegen"], 2 * MINUTE_MS);
  const tally = await checkAll(
    [
      [tsc, "--noEmit", "-p", "tsconfig.json"],
      [tsc, "--noEmit", "-p", "tsconfig.strategies.json"],
    ],
    5 * MINUTE_MS,
  );
  if (codeOfTypegen !== 0) tally.failed++;
  return tally;
}

function checkRules(): Promise<Tally> {
  const rooms = ["app", "contracts", "task-types", "strategies", "server", "scripts", "bin", "test", "e2e", "bench"];
  const cruise = packageProgram("dependency-cruiser", "bin/dependency-cruise.mjs");
  return checkAll([[cruise, "--config", ".dependency-cruiser.cjs", "--output-type", "err", ...rooms]], 5 * MINUTE_MS);
}

function checkFormat(): Promise<Tally> {
  return checkAll([[packageProgram("@biomejs/biome", "bin/biome"), "ci", "--colors=off"]], 2 * MINUTE_MS);
}

function readReport<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/** Once for all that follows: tests of the whole product start from the production build, as its users do. */
async function buildProduct(): Promise<Tally> {
  await ensureBuilt({ onStep: (message) => console.log(message) });
  return { passed: 1, failed: 0 };
}

async function runVitest(projects: readonly string[]): Promise<Tally> {
  const path = join(REPORTS, `vitest-${projects[0]}.json`);
  const program = packageProgram("vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${path}`];
  const chosen = projects.map((project) => `--project=${project}`);
  const code = await runProgram([program, "run", ...chosen, ...reporters], 30 * MINUTE_MS);
  const report = readReport<VitestReport>(path);
  if (!report) return { passed: 0, failed: 1 };
  // A file that fails before its first test has none to count: it counts itself.
  const nBrokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((result) => result.status === "failed"),
  ).length;
  const failed = report.numFailedTests + nBrokenFiles;
  if (report.numPendingTests > 0) console.log(`${report.numPendingTests} tests were skipped`);
  return { passed: report.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed };
}

interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
}

async function runBrowserTests(): Promise<Tally> {
  const path = join(REPORTS, "playwright.json");
  const program = packageProgram("@playwright/test", "cli.js");
  const code = await runProgram([program, "test"], 30 * MINUTE_MS, { PLAYWRIGHT_JSON_OUTPUT_NAME: path });
  const stats = readReport<PlaywrightReport>(path)?.stats;
  if (!stats) return { passed: 0, failed: 1 };
  if (stats.flaky > 0) console.log(`${stats.flaky} browser tests passed only when repeated`);
  if (stats.skipped > 0) console.log(`${stats.skipped} browser tests were skipped`);
  const failed = stats.unexpected;
  return { passed: stats.expected + stats.flaky, failed: code !== 0 && failed === 0 ? 1 : failed };
}

const SUITES: Suite[] = [
  { name: "types", title: "Types", run: checkTypes },
  { name: "rules", title: "Dependency rules", run: checkRules },
  { name: "format", title: "Format and lint", run: checkFormat },
  {
    name: "vitest",
    title: "Unit, contract, property and integration tests",
    run: () => runVitest(["unit", "integration"]),
  },
  { name: "build", title: "Production build", run: buildProduct },
  { name: "system", title: "Tests of the whole product", run: () => runVitest(["system"]) },
  { name: "e2e", title: "Tests in a browser", run: runBrowserTests },
];

function chooseSuites(): Suite[] {
  const only = process.argv
    .find((arg) => arg.startsWith("--only="))
    ?.slice("--only=".length)
    .split(",");
  if (!only) return SUITES;
  const unknown = only.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown) throw new Error(`--only takes ${SUITES.map((suite) => suite.name).join(", ")}; got "${unknown}".`);
  return SUITES.filter((suite) => only.includes(suite.name));
}

/** A suite that cannot even run counts as one failure; the others run all the same. */
async function runSuite(suite: Suite): Promise<Tally> {
  console.log(`\n== ${suite.title}`);
  const startedMs = performance.now();
  let tally: Tally = { passed: 0, failed: 1 };
  try {
    tally = await suite.run();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`== ${suite.title}: ${tally.passed} passed, ${tally.failed} failed (${seconds} s)`);
  return tally;
}

async function main(): Promise<void> {
  const suites = chooseSuites();
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const tallies: Tally[] = [];
  try {
    await ensureBuilt({ onlyGenerated: true, onStep: (message) => console.log(message) });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    tallies.push({ passed: 0, failed: 1 });
  }
  let isBuilt = true;
  for (const suite of suites) {
    if (isInterrupted) break;
    // Without a build these would try to make one in each test, and fail as many times.
    const canRun: boolean = isBuilt || (suite.name !== "system" && suite.name !== "e2e");
    if (!canRun) console.log(`\n== ${suite.title}: not run, there is no build; counted as 1 failed`);
    const tally: Tally = canRun ? await runSuite(suite) : { passed: 0, failed: 1 };
    if (suite.name === "build") isBuilt = tally.failed === 0;
    tallies.push(tally);
  }
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
  process.exitCode = failed === 0 && !isInterrupted ? 0 : 1;
  if (isInterrupted) console.log("\ninterrupted; what follows counts only what ran");
  console.log(`\n${passed} passed, ${failed} failed`);
}

await main();
