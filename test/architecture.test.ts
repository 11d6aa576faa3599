import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ICruiseOptions, ICruiseResult, IFlattenedRuleSet } from "dependency-cruiser";
import { cruise } from "dependency-cruiser";
import { afterAll, describe, expect, test } from "vitest";

/**
 * The dependency rules are the law of the rooms; that the project keeps them is checked by `npm test` itself. Here the
 * rules are tried: each planted import must be refused by the rule it breaks, and what is allowed must pass.
 */

const require = createRequire(import.meta.url);
const rules = require("../.dependency-cruiser.cjs") as IFlattenedRuleSet & { options: ICruiseOptions };

const folder = mkdtempSync(join(tmpdir(), "winnow-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Files = Record<string, string>;

let nCruised = 0;

/** Names of the rules that a small project of these files breaks. */
async function brokenRules(files: Files): Promise<string[]> {
  const base = join(folder, String(nCruised++));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
  const { output } = await cruise(
    ["."],
    {
      baseDir: base,
      ruleSet: { forbidden: rules.forbidden },
      validate: true,
      tsPreCompilationDeps: true,
      doNotFollow: { path: "node_modules" },
      exclude: rules.options.exclude,
    },
    { extensions: [".ts", ".tsx", ".js"] },
  );
  return [...new Set((output as ICruiseResult).summary.violations.map((violation) => violation.rule.name))];
}

const EMPTY = "export const x = 1;\n";

describe("a planted import is refused", () => {
  const planted: [what: string, rule: string, files: Files][] = [
    ["strategies → node:", "strategies-are-pure", { "strategies/margin/index.ts": 'import "node:fs";\n' }],
    [
      "strategies → server",
      "strategies-are-pure",
      { "strategies/margin/index.ts": 'import "../../server/clock";\n', "server/clock.ts": EMPTY },
    ],
    [
      "strategies → strategies",
      "strategy-isolation",
      { "strategies/margin/index.ts": 'import "../entropy/index";\n', "strategies/entropy/index.ts": EMPTY },
    ],
    [
      "kernels → a strategy",
      "kernels-know-no-strategy",
      { "strategies/kernels/index.ts": 'import "../margin/index";\n', "strategies/margin/index.ts": EMPTY },
    ],
    [
      "contracts → server",
      "contracts-are-leaf",
      { "contracts/jobs.ts": 'import "../server/clock";\n', "server/clock.ts": EMPTY },
    ],
    [
      "a task type → server",
      "task-types-know-no-room",
      { "task-types/choice/index.ts": 'import "../../server/clock";\n', "server/clock.ts": EMPTY },
    ],
    [
      "a task type → another",
      "task-type-isolation",
      { "task-types/choice/index.ts": 'import "../span/index";\n', "task-types/span/index.ts": EMPTY },
    ],
    [
      "a task type's definition → its screen, eagerly",
      "annotator-only-lazily",
      { "task-types/choice/index.ts": 'import "./annotator";\n', "task-types/choice/annotator.tsx": EMPTY },
    ],
    [
      "a page → server, by value",
      "app-reaches-server-by-door",
      { "app/page.tsx": 'import "../server/db";\n', "server/db.ts": EMPTY },
    ],
    [
      "a page → server, lazily",
      "app-reaches-server-by-door",
      { "app/page.tsx": 'export const p = () => import("../server/db");\n', "server/db.ts": EMPTY },
    ],
    [
      "a page → the database client",
      "app-never-touches-prisma",
      { "app/page.tsx": 'import "../server/generated/prisma/client";\n', "server/generated/prisma/client.ts": EMPTY },
    ],
    [
      "server → app",
      "server-never-imports-app",
      { "server/clock.ts": 'import "../app/page";\n', "app/page.tsx": EMPTY },
    ],
    [
      "a feature → inside another",
      "features-by-front-door",
      { "server/queue/refill.ts": 'import "../items/listItems";\n', "server/items/listItems.ts": EMPTY },
    ],
    [
      "a router → the database",
      "routers-are-thin",
      { "server/api/routers/queue.ts": 'import "../../db";\n', "server/db.ts": EMPTY },
    ],
    [
      "a sender → a job's handler, even lazily",
      "job-handlers-only-from-worker",
      {
        "server/annotation/submit.ts": 'export const h = () => import("../training/retrain.job");\n',
        "server/training/retrain.job.ts": EMPTY,
      },
    ],
    [
      "server → worker",
      "worker-not-imported",
      { "server/jobs/requestJob.ts": 'import "../worker/index";\n', "server/worker/index.ts": EMPTY },
    ],
    [
      "product → tests",
      "no-tests-in-product",
      { "server/clock.ts": 'import "../test/harness/fakeClock";\n', "test/harness/fakeClock.ts": EMPTY },
    ],
    ["a circle", "no-cycles", { "server/a.ts": 'import "./b";\n', "server/b.ts": 'import "./a";\n' }],
    ["a file that is not there", "not-to-unresolvable", { "server/a.ts": 'import "./gone";\n' }],
  ];

  test.each(planted)("%s", async (_what, rule, files) => {
    expect(await brokenRules(files)).toContain(rule);
  });
});

describe("what is allowed passes", () => {
  const allowed: [what: string, files: Files][] = [
    [
      "a page that takes a type of the server",
      {
        "app/page.tsx": 'import type { T } from "../server/api/root";\nexport const x: T = 1;\n',
        "server/api/root.ts": "export type T = number;\n",
      },
    ],
    [
      "a feature through another's door",
      { "server/queue/refill.ts": 'import "../items/index";\n', "server/items/index.ts": EMPTY },
    ],
    [
      "a strategy that uses core and kernels",
      {
        "strategies/margin/index.ts": 'import "../core/rng";\nimport "../kernels/index";\n',
        "strategies/core/rng.ts": EMPTY,
        "strategies/kernels/index.ts": EMPTY,
      },
    ],
    [
      "a definition that names its screen lazily",
      {
        "task-types/choice/index.ts": 'export const annotator = () => import("./annotator");\n',
        "task-types/choice/annotator.tsx": EMPTY,
      },
    ],
    [
      "the worker's list of handlers",
      {
        "server/worker/handlers.ts": 'export const h = () => import("../training/retrain.job");\n',
        "server/training/retrain.job.ts": EMPTY,
      },
    ],
  ];

  test.each(allowed)("%s", async (_what, files) => {
    expect(await brokenRules(files)).toEqual([]);
  });
});
