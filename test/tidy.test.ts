import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";

/** Reads every source file and refuses what the style guide bans, naming file, line and what to write instead. */

const ROOT = process.cwd();
const LINES_MAX = 450;
const CODE = /\.(ts|tsx|js|mjs|cjs)$/;
const TEST_FILE = /(^|\/)(test|e2e|bench)\/|\.(test|spec|setup|bench)\.tsx?$/;
const THIS_FILE = "test/tidy.test.ts";
/** Made by tools, or not ours to word. */
const GENERATED = /(^|\/)(generated|build|golden|snapshots)\/|package-lock\.json|\.sql$/;

function listFiles(): string[] {
  const output = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return output.split("\n").filter((path) => path !== "" && !GENERATED.test(path) && existsSync(join(ROOT, path)));
}

const FILES = listFiles();
const CODE_FILES = FILES.filter((path) => CODE.test(path) && path !== THIS_FILE);
const texts = new Map<string, string>();

function read(path: string): string {
  let text = texts.get(path);
  if (text === undefined) {
    text = readFileSync(join(ROOT, path), "utf8");
    texts.set(path, text);
  }
  return text;
}

interface Ban {
  what: string;
  pattern: RegExp;
  instead: string;
  /** Where it holds; everywhere unless given. */
  within?: RegExp;
  /** Where it does not. */
  except?: RegExp;
  /** Comments count too. */
  inComments?: boolean;
}

const BANS: Ban[] = [
  {
    what: "Math.random",
    pattern: /\bMath\.random\b/,
    instead: "a seeded generator of strategies/core, or node:crypto for secrets",
  },
  {
    what: "the wall clock",
    pattern: /\bDate\.now\(|\bnew Date\(\s*\)/,
    instead: "the clock that was handed in (server/clock.ts; app/_ui/browserClock.ts in components)",
    except: new RegExp(`${TEST_FILE.source}|^server/clock\\.ts$|^app/_ui/browserClock\\.ts$|^scripts/`),
  },
  {
    what: "performance.now",
    pattern: /\bperformance\.now\(/,
    instead: "clock.monotonicMs()",
    within: /^server\//,
    except: new RegExp(`${TEST_FILE.source}|^server/clock\\.ts$`),
  },
  {
    what: "process.env",
    pattern: /\bprocess\.env\b/,
    instead: "getEnv() of server/env.ts",
    within: /^(app|server|contracts|task-types|strategies|bin)\//,
    except: new RegExp(`${TEST_FILE.source}|^server/env\\.ts$`),
  },
  {
    what: "console",
    pattern: /\bconsole\.(log|info|warn|error|debug|trace|table)\b/,
    instead: "getLogger() of server/log.ts, or the context's log; process.stdout in bin/",
    within: /^(app|server|contracts|task-types|strategies|bin)\//,
    except: TEST_FILE,
  },
  { what: "as any", pattern: /\bas any\b|<any>|:\s*any\b/, instead: "a type, or unknown with a check" },
  { what: "a focused test", pattern: /\b(test|it|describe)(\.\w+)*\.only\(/, instead: "no .only in committed tests" },
  { what: "a skipped test", pattern: /\b(test|it|describe)\.(skip|todo)\(/, instead: "a test that runs, or none" },
  {
    what: "a silenced compiler",
    pattern: /@ts-(ignore|nocheck|expect-error)|eslint-disable/,
    instead: "types that fit",
    except: /\.test\.tsx?$/,
    inComments: true,
  },
  {
    what: "unfinished work",
    pattern: /\b(TODO|FIXME|XXX|HACK)\b|not implemented|coming soon/i,
    instead: "finish it, or leave it out",
    inComments: true,
  },
  {
    what: "raw time arithmetic",
    pattern: /\b60 ?\* ?60\b|\b60 ?\* ?1_?000\b|\b1_?000 ?\* ?60\b|\b24 ?\* ?60\b|\b24 ?\* ?3_?600\b/,
    instead: "SECOND_MS, MINUTE_MS, HOUR_MS or DAY_MS of contracts/limits.ts",
    within: /^(app|server|contracts|task-types)\//,
    except: new RegExp(`${TEST_FILE.source}|^contracts/limits\\.ts$`),
  },
  {
    what: "the machinery of another place",
    pattern: /(^|[^\w.])\/work\/|\.\.\/shared\b|\bissues? #\d+/i,
    instead: "words about the project itself",
    inComments: true,
  },
];

/** Blanks out comments, keeping the lines; strings stay, for what is banned is banned in them too. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|[^:"'`\\])\/\/[^\n]*/g, (_all, before: string) => before);
}

function findings(ban: Ban): string[] {
  const found: string[] = [];
  for (const path of CODE_FILES) {
    if (ban.within && !ban.within.test(path)) continue;
    if (ban.except?.test(path)) continue;
    const text = read(path);
    if (!ban.pattern.test(text)) continue;
    const lines = (ban.inComments ? text : withoutComments(text)).split("\n");
    lines.forEach((line, i) => {
      if (ban.pattern.test(line)) found.push(`${path}:${i + 1}: ${ban.what}; instead: ${ban.instead}`);
    });
  }
  return found;
}

describe("no source file has", () => {
  test.each(BANS.map((ban) => [ban.what, ban] as const))("%s", (_what, ban) => {
    expect(findings(ban)).toEqual([]);
  });

  test("the id of a task type outside its folder", () => {
    const ids = readdirSync(join(ROOT, "task-types"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
      .map((entry) => entry.name);
    expect(ids).toContain("choice");
    const compares = new RegExp(`[=!]==?\\s*["'\`](${ids.join("|")})["'\`]|case\\s+["'\`](${ids.join("|")})["'\`]`);
    const offenders = CODE_FILES.filter(
      (path) => /^(app|server|contracts|strategies)\//.test(path) && !TEST_FILE.test(path),
    ).filter((path) => compares.test(withoutComments(read(path))));
    expect(offenders, "ask the task type for a property instead of comparing its id").toEqual([]);
  });

  test(`more than ${LINES_MAX} lines`, () => {
    const long = CODE_FILES.map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX)
      .map(({ path, lines }) => `${path}: ${lines} lines; split it by responsibility`);
    expect(long).toEqual([]);
  });
});

describe("names", () => {
  const VAGUE = /(^|\/)(utils?|helpers?|common|misc|manager|shared)(\.tsx?$|\/)/i;
  const ROOMS = /^(app|server|contracts|task-types|strategies|scripts|test|e2e|bench|bin)\//;
  const OURS = CODE_FILES.filter((path) => ROOMS.test(path));

  test("say what is inside", () => {
    expect(OURS.filter((path) => VAGUE.test(path))).toEqual([]);
  });

  test("of folders are kebab-case", () => {
    // Route groups, private folders and parameters are Next's own spelling.
    const kebab = /^(_?[a-z0-9]+(-[a-z0-9]+)*|\(.+\)|\[.+\])$/;
    // A route that answers with a file is a folder named like the file.
    const routeFile = /^[a-z]+\.(csv|json|jsonl)$/;
    const bad = OURS.flatMap((path) =>
      path
        .split("/")
        .slice(0, -1)
        .map((folder) => [path, folder] as const),
    )
      .filter(([path, folder]) => !kebab.test(folder) && !(path.startsWith("app/api/") && routeFile.test(folder)))
      .map(([path]) => path);
    expect([...new Set(bad)]).toEqual([]);
  });

  test("of files are camelCase, of components PascalCase", () => {
    const name =
      /^([a-z][a-zA-Z0-9]*|[A-Z][a-zA-Z0-9]*|not-found|global-error)((\.[a-z][a-zA-Z0-9-]*)*)\.(tsx?|m?js|cjs)$/;
    expect(OURS.filter((path) => !name.test(basename(path)))).toEqual([]);
    // A file may also be called after the class or type it exports.
    const misnamed = OURS.filter(
      (path) => /^[A-Z]/.test(basename(path)) && !path.endsWith(".tsx") && !TEST_FILE.test(path),
    ).filter((path) => !new RegExp(`export (class|interface|type) ${basename(path, ".ts")}\\b`).test(read(path)));
    expect(misnamed, "PascalCase is for components, classes and types").toEqual([]);
  });

  test("of files that give one function are that function's", () => {
    const services = CODE_FILES.filter((path) => /^server\/[^/]+\/(?!index\.)[A-Za-z]+\.ts$/.test(path));
    expect(services.length).toBeGreaterThan(100);
    const misnamed = services.flatMap((path) => {
      const exported = read(path).match(/^export .*$/gm) ?? [];
      const name = exported.length === 1 ? /^export (?:async )?function\*? (\w+)/.exec(exported[0])?.[1] : undefined;
      return name === undefined || name === basename(path, ".ts") ? [] : [`${path} exports ${name}`];
    });
    expect(misnamed, "call the file after the function").toEqual([]);
  });
});

describe("registries", () => {
  function foldersOf(room: string): string[] {
    if (!existsSync(join(ROOT, room))) return [];
    return readdirSync(join(ROOT, room), { withFileTypes: true })
      .filter(
        (entry) =>
          entry.isDirectory() && !entry.name.startsWith("_") && existsSync(join(ROOT, room, entry.name, "index.ts")),
      )
      .map((entry) => entry.name);
  }

  /** What strategies are made of, and what is measured and decided beside them: folders that are no strategy. */
  const STRATEGY_PARTS: readonly string[] = ["core", "kernels"];
  const STRATEGY_LIBRARIES: readonly string[] = [
    "active-testing",
    "conformal",
    "holdout",
    "model-selector",
    "stopping",
  ];

  test.each<readonly [string, readonly string[]]>([
    ["strategies", [...STRATEGY_PARTS, ...STRATEGY_LIBRARIES]],
    ["task-types", []],
    ["server/formats", []],
  ])("%s/registry.ts imports every folder beside it", (room, others) => {
    const registry = join(room, "registry.ts");
    expect(existsSync(join(ROOT, registry)), `${registry} is missing`).toBe(true);
    const text = withoutComments(read(registry));
    const missing = foldersOf(room).filter((name) => !others.includes(name) && !text.includes(`from "./${name}"`));
    expect(missing, `add one line per folder to ${registry}`).toEqual([]);
  });

  test("the folders of strategies/ that are no strategy exist, and its door opens the libraries", () => {
    const folders = readdirSync(join(ROOT, "strategies"));
    expect(folders).toEqual(expect.arrayContaining([...STRATEGY_PARTS, ...STRATEGY_LIBRARIES]));
    const door = withoutComments(read("strategies/index.ts"));
    expect(STRATEGY_LIBRARIES.filter((name) => !door.includes(`from "./${name}"`))).toEqual([]);
  });

  test("every folder of strategies/ has a door", () => {
    const folders = readdirSync(join(ROOT, "strategies"), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const doorless = folders.filter(
      ({ name }) => name !== "core" && !existsSync(join(ROOT, "strategies", name, "index.ts")),
    );
    expect(doorless.map(({ name }) => name)).toEqual([]);
  });

  test("every job handler stands in the worker's list", () => {
    const list = read("server/worker/handlers.ts");
    const handlers = CODE_FILES.filter((path) => /^server\/.+\.job\.ts$/.test(path));
    const missing = handlers.filter((path) => !list.includes(`../${path.slice("server/".length, -".ts".length)}"`));
    expect(missing).toEqual([]);
  });

  test("every decision record has a number of its own and a line in the index", () => {
    const records = FILES.filter((path) => /^docs\/decisions\/\d{4}-.+\.md$/.test(path));
    const numbers = records.map((path) => basename(path).slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
    const index = read("docs/decisions/README.md");
    expect(records.filter((path) => !index.includes(basename(path)))).toEqual([]);
  });
});

describe("documents", () => {
  const DOCUMENTS = FILES.filter((path) => path.endsWith(".md"));

  test("speak of the project alone", () => {
    const foreign = /(^|[^\w.])\/work\/|\.\.\/shared\b|\bissues? #\d+/i;
    expect(DOCUMENTS.filter((path) => foreign.test(read(path)))).toEqual([]);
  });

  test("link to files that exist", () => {
    const broken = DOCUMENTS.flatMap((path) => {
      const links = [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)/g)].map(
        (match) => match[1],
      );
      return links
        .filter((link) => !existsSync(join(ROOT, path, "..", decodeURIComponent(link))))
        .map((link) => `${path}: ${link}`);
    });
    expect(broken).toEqual([]);
  });
});
