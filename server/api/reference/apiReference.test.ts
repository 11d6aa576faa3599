import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { describeApi } from "./describeApi";
import { GENERATED_MARK, renderReference } from "./renderReference";
import { renderType } from "./renderType";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("docs/reference/api.md", () => {
  test("says what the router says; if not, run: npx tsx scripts/writeApiReference.ts", () => {
    const page = readFileSync(`${root}docs/reference/api.md`, "utf8");
    expect(page.slice(page.indexOf(GENERATED_MARK))).toBe(renderReference(root));
  });

  test("every procedure has a sentence above it in its router", () => {
    expect(
      describeApi(root)
        .filter((procedure) => !/[.?!]$/.test(procedure.text))
        .map((procedure) => procedure.path),
    ).toEqual([]);
  });

  test("a type is written as TypeScript would", () => {
    expect(
      renderType({
        type: "object",
        properties: {
          a: { type: "array", items: { enum: ["x", 1] } },
          b: { anyOf: [{ type: "string" }, { type: "null" }] },
        },
        required: ["a"],
      }),
    ).toBe('{ a: ("x" | 1)[]; b?: string | null }');
  });
});
