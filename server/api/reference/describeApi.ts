import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PROJECT_PERMISSIONS } from "@/contracts/permissions";
import { API_SCOPES, PROJECT_ROLES, roleAllows, scopesAllow } from "@/contracts/permissions";
import { appRouter } from "../root";
import type { ProcedureMeta } from "../trpc";
import type { JsonSchema } from "./renderType";

export interface ProcedureDescription {
  path: string;
  kind: "query" | "mutation" | "subscription";
  /** Who may call it, in words. */
  who: string;
  /** The comment above it in its router. */
  text: string;
  /** What it takes: one schema, or several of which one must fit. Empty: nothing. */
  input: JsonSchema[];
}

type Procedures = Record<
  string,
  { _def: { meta: ProcedureMeta; type: ProcedureDescription["kind"]; inputs: z.ZodType[] } }
>;

const RUNGS: Partial<Record<ProcedureMeta["permission"], string>> = {
  public: "everyone",
  user: "signed-in people",
  "anyone signed in": "signed-in people and API keys",
  administrator: "administrators",
};

function list(names: readonly string[], word: "and" | "or"): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${word} ${names[names.length - 1]}`;
}

function describeWho(meta: ProcedureMeta): string {
  const rung = RUNGS[meta.permission];
  if (rung) return rung;
  const names = [meta.permission, ...(meta.alternatives ?? [])] as (keyof typeof PROJECT_PERMISSIONS)[];
  const roles = PROJECT_ROLES.filter((role) => names.some((name) => roleAllows(role, name)));
  const scopes = API_SCOPES.filter((scope) => names.some((name) => scopesAllow([scope], name)));
  const keys = scopes.length === 0 ? "" : `; keys with ${list(scopes, "or")}`;
  const without = meta.orAdministrator ? "; without a project administrators" : "";
  return `${list(
    names.map((name) => `\`${name}\``),
    "or",
  )}: ${list(roles, "and")}${keys}${without}`;
}

/** Comment above each procedure of a router's source. */
function readComments(file: string): Map<string, string> {
  const comments = new Map<string, string>();
  const source = readFileSync(file, "utf8");
  for (const [, comment, name] of source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(\w+):/g)) {
    comments.set(
      name,
      comment
        .replace(/^\s*\*\s?/gm, "")
        .replace(/\s+/g, " ")
        .trim(),
    );
  }
  return comments;
}

function toSchema(input: z.ZodType): JsonSchema {
  return z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

/** A procedure's inputs, each checked against the whole of what is sent, as one object. */
function mergeInputs(schemas: JsonSchema[]): JsonSchema[] {
  const alternatives = schemas.find((s) => s.anyOf)?.anyOf;
  const objects = schemas.filter((s) => s.properties);
  if (objects.length === 0) return alternatives ?? (schemas.length > 0 ? [schemas[0]] : []);
  const merged: JsonSchema = {
    type: "object",
    properties: Object.assign({}, ...objects.map((s) => s.properties)),
    required: [...new Set(objects.flatMap((s) => s.required ?? []))],
  };
  return alternatives ? alternatives.map((a) => mergeInputs([a, merged])[0]) : [merged];
}

/** Every procedure of the router, in the order of its names. */
export function describeApi(root: string): ProcedureDescription[] {
  const folder = join(root, "server/api/routers");
  const comments = new Map<string, Map<string, string>>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.includes(".test."))) {
    comments.set(file.replace(/\.ts$/, ""), readComments(join(folder, file)));
  }
  const { procedures } = (appRouter as unknown as { _def: { procedures: Procedures } })._def;
  return Object.entries(procedures)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, procedure]) => {
      const [routerName, name] = path.split(".");
      const { meta, type, inputs } = procedure._def;
      return {
        path,
        kind: type,
        who: describeWho(meta),
        text: comments.get(routerName)?.get(name) ?? "",
        input: mergeInputs(inputs.map(toSchema)),
      };
    });
}
