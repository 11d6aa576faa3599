import { describe, expect, test } from "vitest";
import { getFormat } from "../registry";
import { nameColumns } from "./readDelimited";

const dialectOf = (id: "csv" | "tsv", text: string) => getFormat(id).readDialect?.(Buffer.from(text));

describe("the dialect of a delimited file", () => {
  test("is told by which delimiter gives a steady number of fields", () => {
    expect(dialectOf("csv", "id;text\n1;a, b\n2;c\n")).toEqual({ delimiter: ";", isQuoted: true, hasHeader: true });
    expect(dialectOf("csv", 'id|text\n1|"x|y"\n')?.delimiter).toBe("|");
    expect(dialectOf("csv", "text\nhello\nworld\n")?.delimiter).toBe(",");
  });

  test("has no header when the first line looks like those below it", () => {
    expect(dialectOf("tsv", "ham\tGo on\nspam\tWin now\nham\tOk\n")?.hasHeader).toBe(false);
    expect(dialectOf("csv", "1,first\n2,second\n")?.hasHeader).toBe(false);
    expect(dialectOf("csv", `text,${"long ".repeat(30)}\na,b\n`)?.hasHeader).toBe(false);
    expect(dialectOf("csv", "label,text\nham,Go on\nspam,Win\n")?.hasHeader).toBe(true);
    expect(dialectOf("csv", "text,text,label\na,b,ham\nc,d,spam\n")?.hasHeader).toBe(true);
    expect(dialectOf("csv", ",text\n0,Go on\n1,Win\n")?.hasHeader).toBe(true);
  });

  test("of tab-separated files uses quotes only when all of them close", () => {
    expect(dialectOf("tsv", 'a\tb\n1\t"x\ty"\n2\t"z"\n')?.isQuoted).toBe(true);
    expect(dialectOf("tsv", 'a\tb\n1\t"x\n2\tz\n3\tw\n')?.isQuoted).toBe(false);
  });
});

describe("nameColumns", () => {
  test("gives every column a name of its own", () => {
    expect(nameColumns(["", "text", " text ", "text", "text (2)", ""])).toEqual([
      "column_1",
      "text",
      "text_2",
      "text_3",
      "text (2)",
      "column_6",
    ]);
  });
});
