import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "@/contracts/limits";
import { isAppError } from "@/server/errors";
import type { Format, FormatRecord, ReadOptions } from "@/server/formats";
import { detectFormat, listFormats, RECORD_ERROR_CODES } from "@/server/formats";
import { FORMAT_CASES } from "../fixtures/formats/cases";

/**
 * The laws that every registered import format keeps. A format without cases in fixtures/formats/cases.ts fails here.
 */

const OPTIONS: ReadOptions = { recordBytesMax: 64 * 1024 };
const PROPERTY_RUNS = 150;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function readAll(
  format: Format,
  bytes: Uint8Array | string,
  options: ReadOptions = OPTIONS,
  chunkSize = 1 << 20,
): Promise<FormatRecord[]> {
  const records: FormatRecord[] = [];
  const given = typeof bytes === "string" ? bytesOf(bytes) : bytes;
  for await (const record of format.read(inChunks(given, chunkSize), options)) records.push(record);
  return records;
}

/** Records, or the code of the error that refused the whole file. */
async function outcome(format: Format, bytes: Uint8Array | string, options?: ReadOptions, chunkSize?: number) {
  try {
    return (await readAll(format, bytes, options, chunkSize)).map((r) => ({ ...r, ok: r.ok && { ...r.ok } }));
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

const okOf = (records: FormatRecord[]) => records.flatMap((r) => (r.ok ? [{ ...r.ok }] : []));
const errorsOf = (records: FormatRecord[]) => records.flatMap((r) => (r.error ? [{ line: r.line, ...r.error }] : []));
const sampleOf = (format: Format) =>
  readFileSync(resolve(__dirname, `../../server/formats/${format.id}/sample${format.extensions[0]}`));

const FORMATS = listFormats();

test("the registry holds each id and extension once", () => {
  const ids = FORMATS.map((format) => format.id);
  const extensions = FORMATS.flatMap((format) => format.extensions);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(extensions).size).toBe(extensions.length);
  expect(Object.keys(FORMAT_CASES).sort()).toEqual([...ids].sort());
});

describe.each(FORMATS.map((format) => [format.id, format] as const))("format %s", (id, format) => {
  const cases = FORMAT_CASES[id];
  const sample = sampleOf(format);

  test("its sample is detected by it and by no other", () => {
    expect(FORMATS.filter((other) => other.detect(sample)).map((other) => other.id)).toEqual([id]);
    expect(detectFormat("unnamed.bin", sample)).toBe(id);
  });

  test("its sample is read whole, in order, with the lines on which records start", async () => {
    const records = await readAll(format, sample);
    expect(errorsOf(records)).toEqual([]);
    expect(records.map((r) => r.line)).toEqual(cases.sampleLines);
    expect(okOf(records)).toEqual(cases.sampleRecords);
  });

  test.each([1, 2, 3, 7, 64])("reading by chunks of %i bytes equals reading at once", async (size) => {
    for (const bytes of [sample, ...cases.inputs.map(bytesOf)]) {
      expect(await outcome(format, bytes, OPTIONS, size)).toEqual(await outcome(format, bytes));
    }
  });

  test("CRLF line ends, a byte order mark and a missing final line break change nothing", async () => {
    const plain = cases.plain;
    const expected = okOf(await readAll(format, plain));
    expect(expected).toHaveLength(2);
    for (const variant of [plain.replaceAll("\n", "\r\n"), `\ufeff${plain}`, plain.replace(/\n$/, "")]) {
      const records = await readAll(format, variant);
      expect(errorsOf(records)).toEqual([]);
      expect(okOf(records)).toEqual(expected);
      expect(records.map((r) => r.line)).toEqual((await readAll(format, plain)).map((r) => r.line));
    }
  });

  test("an empty file has no records", async () => {
    for (const empty of ["", "\n", " \n", "\ufeff"]) {
      const result = await outcome(format, empty);
      if (Array.isArray(result)) expect(okOf(result as FormatRecord[])).toEqual([]);
      else expect(result.code).toBe("E_UNSUPPORTED_FORMAT");
    }
  });

  test.each(cases.broken)("$name: the error names its line and reading goes on", async ({ text, errors, good }) => {
    const records = await readAll(format, text);
    expect(errorsOf(records).map(({ line, code }) => [line, code])).toEqual(errors);
    expect(okOf(records)).toEqual(good);
    for (const error of errorsOf(records)) {
      expect(RECORD_ERROR_CODES).toContain(error.code);
      expect(error.message).toMatch(/[.…]$/);
      expect(error.excerpt.length).toBeLessThanOrEqual(200);
    }
  });

  test("a record with bytes that are not UTF-8 is refused by line and the others are read", async () => {
    const [before, after] = cases.plain.split("SECOND");
    expect(after).toBeDefined();
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0x63, 0x61, 0x66, 0xe9]), Buffer.from(after)]);
    const records = await readAll(format, bytes);
    expect(errorsOf(records)).toHaveLength(1);
    expect(errorsOf(records)[0]).toMatchObject({ code: "badEncoding" });
    expect(errorsOf(records)[0].message).toContain("0xE9");
    expect(okOf(records)).toHaveLength(1);
  });

  test("UTF-16, UTF-32 and binary files are refused as what they are", async () => {
    const utf16 = Buffer.from(`\ufeff${cases.plain}`, "utf16le");
    const bigEndian = Buffer.from(utf16).swap16();
    const withoutMark = utf16.subarray(2);
    for (const bytes of [utf16, bigEndian, withoutMark]) {
      expect(await outcome(format, bytes)).toMatchObject({
        code: "E_UNSUPPORTED_FORMAT",
        message: expect.stringContaining("UTF-16"),
      });
    }
    const zip = Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(600, 7)]);
    expect(await outcome(format, zip)).toMatchObject({ message: expect.stringContaining("Excel") });
    expect(await outcome(format, Buffer.alloc(2_000))).toMatchObject({ message: expect.stringContaining("binary") });
  });

  test("a field of 100 MB is refused in bounded memory and what follows is read", async () => {
    const piece = Buffer.alloc(1 << 20, "x");
    async function* huge() {
      const [before, after] = cases.plain.split("SECOND");
      yield bytesOf(before);
      for (let i = 0; i < 100; i++) yield piece;
      yield bytesOf(cases.withMore(after));
    }
    let peak = 0;
    let n = 0;
    const records: FormatRecord[] = [];
    async function* watched() {
      for await (const chunk of huge()) {
        if (n++ % 10 === 0) {
          const { heapUsed, arrayBuffers } = process.memoryUsage();
          peak = Math.max(peak, heapUsed + arrayBuffers);
        }
        yield chunk;
      }
    }
    const before = process.memoryUsage();
    for await (const record of format.read(watched(), { recordBytesMax: LIMITS.recordBytes })) records.push(record);
    expect(errorsOf(records).map((e) => e.code)).toEqual(["tooLong"]);
    expect(okOf(records)).toHaveLength(2);
    // Three records' worth of text in its two forms, and the garbage of that.
    expect(peak - before.heapUsed - before.arrayBuffers).toBeLessThan(80 * (1 << 20));
  });

  test("column names that JavaScript gives a meaning are ordinary names", async () => {
    const records = await readAll(format, cases.hostileNames);
    expect(errorsOf(records)).toEqual([]);
    const [record] = records;
    expect(Object.keys(record.ok ?? {}).sort()).toEqual(["__proto__", "constructor", "text"]);
    expect(Object.getPrototypeOf(record.ok)).toBeNull();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("reading what it wrote gives the same records", async () => {
    const names = fc.uniqueArray(
      fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).filter((s) => s.trim() === s && !/["\n\r]/.test(s)),
      { minLength: 1, maxLength: 5 },
    );
    const value = cases.values;
    const table = names.chain((columns) =>
      fc.array(fc.tuple(...columns.map(() => value)), { maxLength: 20 }).map((rows) => ({ columns, rows })),
    );
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 50 }), async ({ columns, rows }, chunkSize) => {
        const records = rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));
        let text = "";
        for await (const part of format.write(records, { columns })) text += part;
        const dialect = format.readDialect && { hasHeader: true };
        const read = await readAll(format, bytesOf(text), { ...OPTIONS, dialect }, chunkSize);
        expect(errorsOf(read)).toEqual([]);
        expect(okOf(read)).toEqual(records);
      }),
      { numRuns: PROPERTY_RUNS, seed: 20_260_101 },
    );
  });

  test("any bytes give records or errors, the same by any chunking, and never a crash", async () => {
    const pieces = fc.constantFrom(
      ...cases.inputs,
      '"',
      '""',
      ",",
      "\t",
      "\n",
      "\r\n",
      "\\",
      "{",
      "}",
      "[",
      "]",
      "é",
      "\0",
    );
    const garbage = fc
      .array(fc.oneof(pieces.map(bytesOf), fc.uint8Array({ maxLength: 12 })), { maxLength: 30 })
      .map((parts) => Buffer.concat(parts));
    await fc.assert(
      fc.asyncProperty(garbage, fc.integer({ min: 1, max: 9 }), async (bytes, chunkSize) => {
        const options = { recordBytesMax: 200 };
        const whole = await outcome(format, bytes, options);
        expect(format.detect(bytes)).toBeTypeOf("boolean");
        if (!Array.isArray(whole)) return;
        for (const record of whole) {
          expect(record.line).toBeGreaterThanOrEqual(1);
          expect(Boolean(record.ok) !== Boolean(record.error)).toBe(true);
        }
        const chunked = await outcome(format, bytes, { recordBytesMax: 1 << 20 }, chunkSize);
        expect(chunked).toEqual(await outcome(format, bytes, { recordBytesMax: 1 << 20 }));
      }),
      { numRuns: PROPERTY_RUNS * 2, seed: 20_260_102 },
    );
  });
});
