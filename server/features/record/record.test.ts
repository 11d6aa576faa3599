import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ItemFileWriter } from "../itemFile";
import { createRecordFeaturizer } from "./createRecordFeaturizer";
import { learnRecord } from "./learnRecord";
import type { RecordParameters } from "./recordParameters";
import { numberOf, recordDim } from "./recordParameters";

let folder: string;
let nFiles = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "winnow-record-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function fileOf(records: readonly object[]): Promise<string> {
  const path = join(folder, `items-${nFiles++}`);
  const writer = await ItemFileWriter.create(path);
  for (const [row, record] of records.entries()) await writer.write(row, JSON.stringify(record));
  await writer.close();
  return path;
}

const INFER = { numeric: [], categorical: [], maxCategories: 3 };

function vectorOf(parameters: RecordParameters, record: object): number[] {
  const out = new Float32Array(recordDim(parameters));
  void createRecordFeaturizer(parameters).transform([{ row: 0, text: JSON.stringify(record) }], out);
  return [...out];
}

describe("learnRecord", () => {
  it("takes numbers by median and interquartile range, so that one absurd value changes little", async () => {
    const records = Array.from({ length: 101 }, (_, i) => ({ age: i === 100 ? 1e9 : i }));
    const { parameters } = await learnRecord(await fileOf(records), { ...INFER, numeric: ["age"] });
    expect(parameters.numeric[0].center).toBe(50);
    expect(parameters.numeric[0].scale).toBeCloseTo(50 / 1.349, 1);
  });

  it("falls back to the deviation where more than half the values are equal, and to 1 where all are", async () => {
    const half = Array.from({ length: 100 }, (_, i) => ({ x: i < 80 ? 0 : 10 }));
    const { parameters } = await learnRecord(await fileOf(half), { ...INFER, numeric: ["x"] });
    expect(parameters.numeric[0].scale).toBeCloseTo(4, 1);
    const same = await learnRecord(await fileOf([{ x: 5 }, { x: 5 }]), { ...INFER, numeric: ["x"] });
    expect(same.parameters.numeric[0]).toEqual({ name: "x", center: 5, scale: 1 });
  });

  it("finds numeric and categorical columns by itself and leaves free text alone", async () => {
    const records = Array.from({ length: 60 }, (_, i) => ({
      price: `${i}.5`,
      colour: ["red", "green", "blue", "grey"][i % 4],
      comment: `text number ${i}`,
      empty: null,
    }));
    const learnt = await learnRecord(await fileOf(records), INFER);
    expect(learnt.isInferred).toBe(true);
    expect(learnt.parameters.numeric.map((c) => c.name)).toEqual(["price"]);
    expect(learnt.parameters.categorical).toEqual([{ name: "colour", values: ["blue", "green", "grey"] }]);
  });

  it("says what to do where no column can be used", async () => {
    const records = Array.from({ length: 10 }, (_, i) => ({ comment: `text number ${i}` }));
    await expect(learnRecord(await fileOf(records), INFER)).rejects.toMatchObject({ code: "E_PRECONDITION" });
  });
});

describe("createRecordFeaturizer", () => {
  const parameters: RecordParameters = {
    numeric: [{ name: "age", center: 40, scale: 10 }],
    categorical: [{ name: "colour", values: ["red", "green"] }],
  };

  it("writes the standardised number and a one for its category", () => {
    expect(vectorOf(parameters, { age: 55, colour: "green" })).toEqual([1.5, 0, 0, 1, 0, 0]);
  });

  it("marks what is missing, unreadable or unknown", () => {
    expect(vectorOf(parameters, {})).toEqual([0, 1, 0, 0, 0, 1]);
    expect(vectorOf(parameters, { age: "old", colour: "mauve" })).toEqual([0, 1, 0, 0, 1, 0]);
    expect(vectorOf(parameters, { age: null, colour: "" })).toEqual([0, 1, 0, 0, 0, 1]);
  });

  it("cuts absurd numbers, and never reads what objects inherit", () => {
    expect(vectorOf(parameters, { age: 1e12, colour: "red" })).toEqual([8, 0, 1, 0, 0, 0]);
    const inherited: RecordParameters = { numeric: [], categorical: [{ name: "constructor", values: [] }] };
    expect(vectorOf(inherited, {})).toEqual([0, 1]);
  });

  it("reads numbers from numbers, booleans and text", () => {
    expect([numberOf(3), numberOf(true), numberOf(" 4.5 "), numberOf("1e3")]).toEqual([3, 1, 4.5, 1000]);
    expect([numberOf("x"), numberOf(""), numberOf(null), numberOf(Number.NaN)]).toEqual(Array(4).fill(undefined));
  });
});
