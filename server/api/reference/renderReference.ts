import type { ErrorCode } from "@/contracts/errors";
import { ERROR_CODES } from "@/contracts/errors";
import { API_SCOPES, PROJECT_PERMISSIONS, PROJECT_ROLES } from "@/contracts/permissions";
import type { ProcedureDescription } from "./describeApi";
import { describeApi } from "./describeApi";
import type { JsonSchema } from "./renderType";
import { renderLimits, renderType } from "./renderType";

/** Everything below this line of the page is written by `renderReference`. */
export const GENERATED_MARK = "<!-- Everything below is written by `npx tsx scripts/writeApiReference.ts`. -->";

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function renderInput(input: JsonSchema): string[] {
  const fields = Object.entries(input.properties ?? {});
  if (fields.length === 0) return ["Takes nothing."];
  return [
    "| field | type | |",
    "| --- | --- | --- |",
    ...fields.map(([name, schema]) => {
      const isRequired = input.required?.includes(name) ?? false;
      const notes = [isRequired ? "" : "optional", renderLimits(schema)].filter((part) => part !== "").join(", ");
      return `| \`${name}\` | \`${cell(renderType(schema))}\` | ${cell(notes)} |`;
    }),
  ];
}

function renderProcedure(procedure: ProcedureDescription): string[] {
  const { path, kind, who, text, input } = procedure;
  const alternatives = input.length === 0 ? [["Takes nothing."]] : input.map(renderInput);
  return [
    `### ${path}`,
    "",
    text,
    "",
    `*${kind}* · for ${who}`,
    "",
    ...alternatives.flatMap((lines, i) => (i === 0 ? lines : ["", "or", "", ...lines])),
    "",
  ];
}

function yes(holds: boolean): string {
  return holds ? "yes" : "";
}

function renderPermissions(): string[] {
  const head = ["permission", ...PROJECT_ROLES, ...API_SCOPES.map((scope) => `key: ${scope}`)];
  return [
    "## Permissions inside a project",
    "",
    "Administrators of the instance have all of them in every project.",
    "",
    `| ${head.join(" | ")} |`,
    `|${head.map(() => " --- |").join("")}`,
    ...Object.entries(PROJECT_PERMISSIONS).map(([name, { roles, scopes }]) => {
      const marks = [
        ...PROJECT_ROLES.map((role) => yes((roles as readonly string[]).includes(role))),
        ...API_SCOPES.map((scope) => yes((scopes as readonly string[]).includes(scope))),
      ];
      return `| \`${name}\` | ${marks.join(" | ")} |`;
    }),
    "",
  ];
}

const MEANING: Record<ErrorCode, string> = {
  E_UNAUTHENTICATED: "Nobody is signed in, the session has ended, or the key is not good any more.",
  E_FORBIDDEN: "The caller's role or scopes do not include this, or a page of another site sent it.",
  E_NOT_FOUND: "It does not exist, or it belongs to a project that is not the caller's.",
  E_BAD_INPUT: "The input does not fit; `field` says where.",
  E_BAD_ROWS: "Rows of a batch do not fit; `details` lists them. Nothing was taken.",
  E_TOO_LARGE: "The body, the batch or a field is larger than allowed.",
  E_UNSUPPORTED_FORMAT: "The content type or file format is not one of those read here.",
  E_CONFLICT: "It contradicts what is there: a taken address, a label in use, the last lead.",
  E_PRECONDITION: "Something must be there first, such as a model or features.",
  E_RATE_LIMITED: "Too many tries; `details.retryAfterSeconds` says how long to wait.",
  E_LEASE: "The lease token is not the one under which the item is held.",
  E_JOB_FAILED: "A background job failed.",
  E_CANCELLED: "Someone cancelled it.",
  E_STORAGE: "The store of files failed.",
  E_UNAVAILABLE: "The database cannot be reached or is too busy.",
  E_INTERNAL: "A fault of ours; `details.reference` finds it in the log.",
};

function renderErrors(): string[] {
  return [
    "## Error codes",
    "",
    "| code | HTTP status | again, unchanged? | meaning |",
    "| --- | --- | --- | --- |",
    ...Object.entries(ERROR_CODES).map(
      ([code, { http, retryable }]) =>
        `| \`${code}\` | ${http} | ${retryable ? "may succeed later" : "no"} | ${MEANING[code as ErrorCode]} |`,
    ),
    "",
  ];
}

/** The generated part of the API reference, from the router, its schemas and the tables in contracts/. */
export function renderReference(root: string): string {
  const procedures = describeApi(root);
  return [
    GENERATED_MARK,
    "",
    ...renderPermissions(),
    ...renderErrors(),
    "## Procedures",
    "",
    ...procedures.flatMap(renderProcedure),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}
