import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ANNOTATION_COLUMNS } from "@/server/exporting/annotationRecords";
import { ITEM_COLUMNS_AFTER, ITEM_COLUMNS_BEFORE } from "@/server/exporting/itemRecords";
import { listFormats, RECORD_ERROR_CODES } from ".";

const page = readFileSync(new URL("../../docs/reference/formats.md", import.meta.url), "utf8");

describe("docs/reference/formats.md", () => {
  test.each(listFormats().map((format) => [format.title, format] as const))(
    "has %s as it is registered",
    (_, format) => {
      const endings = format.extensions.map((extension) => `\`${extension}\``).join(", ");
      expect(page).toContain(`| ${format.title} | ${endings} | ${format.description} |`);
    },
  );

  test("names every error code of files and every column of exports", () => {
    const named = [...RECORD_ERROR_CODES, ...ITEM_COLUMNS_BEFORE, ...ITEM_COLUMNS_AFTER, ...ANNOTATION_COLUMNS];
    expect(named.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
