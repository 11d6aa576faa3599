import { describe, expect, test } from "vitest";
import { RecordMapper } from "./mapRecord";
import type { ColumnFacts } from "./suggestMapping";
import { suggestMapping } from "./suggestMapping";

const column = (name: string, facts: Partial<ColumnFacts> = {}): ColumnFacts => ({
  name,
  example: "x",
  kind: "text",
  nValues: 10,
  nDistinct: 10,
  meanLength: 8,
  isNested: false,
  ...facts,
});

describe("suggestMapping", () => {
  test.each(["id", "review_id", "Review ID", "reviewId"])("takes %s for the id, and for nothing else", (name) => {
    const mapping = suggestMapping("text", [column(name), column("body", { meanLength: 80 }), column("shop")], 10);
    expect(mapping).toEqual({ externalId: name, text: "body", meta: ["shop"], unknownLabel: "refuseRow" });
    const record = suggestMapping("record", [column(name), column("age", { kind: "number" })], 10);
    expect(record).toMatchObject({ externalId: name, fields: ["age"], numeric: ["age"] });
  });

  test.each([
    ["customer_id", { nDistinct: 9 }],
    ["customer_id", { nValues: 9, nDistinct: 9 }],
    ["paid", {}],
    ["Madrid", {}],
  ])("does not take %s with %j for the id", (name, facts) => {
    const columns = [column(name, facts), column("body", { meanLength: 80 })];
    expect(suggestMapping("text", columns, 10)).not.toHaveProperty("externalId");
  });

  test("leaves out what a file of refused rows says about them", () => {
    const columns = [column("text"), column("winnow_line", { kind: "number" }), column("winnow_message")];
    expect(suggestMapping("text", columns, 10)).toEqual({ text: "text", unknownLabel: "refuseRow" });
    const fields = new RecordMapper("record", { unknownLabel: "refuseRow" });
    const { content } = fields.map(2, { age: "3", winnow_line: "7", winnow_code: "badNumber" });
    expect(JSON.parse(content)).toEqual({ fields: { age: "3" } });
  });
});

test("numbers in metadata are numbers where that loses nothing", () => {
  const mapper = new RecordMapper("text", {
    text: "t",
    meta: ["a", "b", "c", "d"],
    numeric: ["a", "b", "c"],
    unknownLabel: "refuseRow",
  });
  const { meta } = mapper.map(1, { t: "x", a: "4.5", b: "12345678901234567890", c: "about 3", d: "7" });
  expect(JSON.parse(meta ?? "")).toEqual({ a: 4.5, b: "12345678901234567890", c: "about 3", d: "7" });
});
