import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

const PROGRAM_NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const FIXED_PATHS = [
  "/usr/lib/chromium/chromium",
  "/snap/bin/chromium",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const CACHED_PROGRAMS = [
  "chrome-linux/chrome",
  "chrome-linux64/chrome",
  "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
  "chrome-mac-arm64/Chromium.app/Contents/MacOS/Chromium",
];
const ANSWER_TIMEOUT_MS = 20_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;
const PACKAGES_TIMEOUT_MS = 420_000;

/** How the system's own packages bring a Chromium; the first whose program exists is tried. */
const PACKAGE_MANAGERS: [program: string, commands: string[][]][] = [
  [
    "apt-get",
    [
      ["update", "-qq"],
      ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"],
    ],
  ],
  ["apk", [["add", "--no-cache", "chromium"]]],
  ["dnf", [["install", "-y", "chromium"]]],
  ["pacman", [["-Sy", "--noconfirm", "chromium"]]],
];

/** Whether the program is there and answers: an unpacked build without its libraries does not. */
function works(path: string): boolean {
  if (!existsSync(path)) return false;
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: ANSWER_TIMEOUT_MS });
  return status === 0 && /chrom/i.test(stdout);
}

/** Builds that some version of Playwright or Puppeteer has downloaded for this account. */
function cachedBuilds(): string[] {
  const caches = [
    process.env.PLAYWRIGHT_BROWSERS_PATH,
    join(homedir(), ".cache", "ms-playwright"),
    join(homedir(), "Library", "Caches", "ms-playwright"),
  ];
  const found: string[] = [];
  for (const cache of caches) {
    if (!cache || !existsSync(cache)) continue;
    const builds = readdirSync(cache).filter((name) => /^chromium-\d+$/.test(name));
    // The newest build first.
    for (const build of builds.sort().reverse())
      for (const program of CACHED_PROGRAMS) found.push(join(cache, build, program));
  }
  return found;
}

/** Path of an installed Chromium; undefined when there is none. PLAYWRIGHT_CHROMIUM, when set, must be one. */
export function findChromium(): string | undefined {
  const chosen = process.env.PLAYWRIGHT_CHROMIUM;
  if (chosen) {
    if (works(chosen)) return chosen;
    throw new Error(`PLAYWRIGHT_CHROMIUM is "${chosen}", which is not a Chromium that runs here.`);
  }
  const onPath = (process.env.PATH ?? "")
    .split(":")
    .flatMap((folder) => PROGRAM_NAMES.map((name) => join(folder, name)));
  return [...onPath, ...FIXED_PATHS, ...cachedBuilds()].find(works);
}

function installThroughPlaywright(): void {
  const cli = join(dirname(require.resolve("@playwright/test/package.json")), "cli.js");
  spawnSync(process.execPath, [cli, "install", "chromium"], { stdio: "inherit", timeout: DOWNLOAD_TIMEOUT_MS });
}

function installThroughSystem(): void {
  for (const [program, commands] of PACKAGE_MANAGERS) {
    if (spawnSync(program, ["--version"], { stdio: "ignore" }).error) continue;
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const args of commands) {
      const { status } = spawnSync(program, args, {
        stdio: ["ignore", "inherit", "inherit"],
        timeout: PACKAGES_TIMEOUT_MS,
        env,
      });
      if (status !== 0) break;
    }
    return;
  }
}

/**
 * Path of a Chromium, installed when there is none: first Playwright's own build, then, as root, the system's package.
 * @throws one sentence that says what to install.
 */
export function ensureChromium(say: (message: string) => void = console.log): string {
  const installed = findChromium();
  if (installed) return installed;
  say("No Chromium found; asking Playwright to download one.");
  installThroughPlaywright();
  const downloaded = findChromium();
  if (downloaded) return downloaded;
  if (process.getuid?.() === 0) {
    say("Playwright could not; asking the system's packages.");
    installThroughSystem();
    const packaged = findChromium();
    if (packaged) return packaged;
  }
  throw new Error(
    "The browser tests need a Chromium: install one (Debian, Ubuntu: `apt-get install chromium`), or set PLAYWRIGHT_CHROMIUM to the path of one.",
  );
}

/** What Chromium needs to run in a container, and as root. */
export function chromiumArguments(): string[] {
  const args = ["--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"];
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  return args;
}
