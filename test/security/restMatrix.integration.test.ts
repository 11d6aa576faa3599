import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServerParts } from "@/server/api/context";
import type { MadeProject } from "../harness/factories";
import type { TestContext } from "../harness/testContext";
import { createTestContext } from "../harness/testContext";
import type { Caller, ShownCredential } from "./callers";
import { CALLERS, FOREIGN, makeCallers, NOBODY } from "./callers";
import { ORIGIN, startTestServer } from "./webServer";

/** Who may use which HTTP route, written by hand from the specification; a route without a line here fails. */
const INGEST: Caller[] = ["administrator", "lead", "ingestKey"];
const EXPORT: Caller[] = ["administrator", "lead", "exportKey"];
const READ_OR_INGEST: Caller[] = ["administrator", "lead", "reviewer", "readKey", "ingestKey"];

const MATRIX: Record<string, Caller[]> = {
  "POST uploads": INGEST,
  "POST imports": INGEST,
  "GET imports/[number]/errors.csv": READ_OR_INGEST,
  "GET imports/[number]/errors.jsonl": READ_OR_INGEST,
  "POST embeddings": INGEST,
  "POST predictions": INGEST,
  "GET export": EXPORT,
  "GET rounds/[number]/manifest": EXPORT,
  "GET rounds/[number]/arrays/[...key]": EXPORT,
};

interface Route {
  handle: (parts: ServerParts, request: Request, params: Record<string, unknown>) => Promise<Response>;
}
const API = fileURLToPath(new URL("../../app/api/", import.meta.url));
const PROJECT_ROUTES = `${API}v1/projects/[id]/`;
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** Every route file under app/api, by what it answers. */
async function findRoutes(folder: string): Promise<Map<string, Partial<Route>>> {
  const found = new Map<string, Partial<Route>>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith("route.ts")) continue;
    const module: Record<string, Partial<Route>> = await import(/* @vite-ignore */ `${folder}${file}`);
    for (const method of METHODS) {
      if (module[method]) found.set(`${method} ${file.replace(/\/?route\.ts$/, "")}`, module[method]);
    }
  }
  return found;
}

let context: TestContext;
let project: MadeProject;
let callers: Record<Caller, ShownCredential>;
let parts: ServerParts;
let routes: Map<string, Partial<Route>>;

beforeAll(async () => {
  context = await createTestContext();
  ({ project, callers } = await makeCallers(context));
  ({ parts } = startTestServer(context));
  routes = await findRoutes(PROJECT_ROUTES);
});
afterAll(() => context.cleanup());

const GUARD_NOT_FOUND = /There is no such project/;

async function attempt(name: string, caller: Caller): Promise<string> {
  const [method, path] = name.split(" ");
  // Nothing beyond the project is given: who gets in is refused for that, or answered.
  const request = new Request(`${ORIGIN}/api/v1/projects/${project.id}/${path}`, {
    method,
    headers: callers[caller].headers(ORIGIN, parts.sessionSecret),
  });
  const params = { id: String(project.id), number: "1", key: ["none"] };
  const response = await (routes.get(name) as Route).handle(parts, request, params);
  if (response.ok) {
    await response.body?.cancel();
    return "in";
  }
  const { error } = await response.json();
  if (error.code === "E_UNAUTHENTICATED" || error.code === "E_FORBIDDEN") return error.code;
  return error.code === "E_NOT_FOUND" && GUARD_NOT_FOUND.test(error.message) ? error.code : "in";
}

describe("who may use which route", () => {
  test("every route of a project has its line, and beyond them there are only these", async () => {
    expect([...routes.keys()].sort()).toEqual(Object.keys(MATRIX).sort());
    const all = await findRoutes(API);
    const others = [...all.keys()].filter((name) => !name.includes("v1/projects/[id]/"));
    expect(others.sort()).toEqual([
      "GET auth/[...all]",
      "GET health",
      "GET trpc/[trpc]",
      "POST auth/[...all]",
      "POST trpc/[trpc]",
    ]);
  });

  test.each(Object.keys(MATRIX))("%s", async (name) => {
    const expected: Record<string, string> = {};
    const got: Record<string, string> = {};
    for (const caller of CALLERS) {
      const refusal = NOBODY.includes(caller)
        ? "E_UNAUTHENTICATED"
        : FOREIGN.includes(caller)
          ? "E_NOT_FOUND"
          : "E_FORBIDDEN";
      expected[caller] = MATRIX[name].includes(caller) ? "in" : refusal;
      got[caller] = await attempt(name, caller);
    }
    expect(got).toEqual(expected);
  });
});
