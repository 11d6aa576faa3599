import type { FormatRecord, ReadOptions } from "../format";
import { decodeUtf8, describeBadUtf8 } from "../text/decodeUtf8";
import { excerptOfBytes } from "../text/excerpt";
import { parseObject } from "../text/parseObject";
import { readText } from "../text/readText";

const NEWLINE = 10;
const BLANK = /^[ \t\r]*$/;

/**
 * Cuts bytes into lines. Whole blocks of lines are decoded at once; only a block that is not UTF-8 is looked at line by
 * line. A line longer than the limit is dropped as it arrives.
 */
class LineReader {
  readonly #recordBytesMax: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #line = 1;
  #isSkipping = false;

  constructor(recordBytesMax: number) {
    this.#recordBytesMax = recordBytesMax;
  }

  /** The records that end in this chunk. */
  *push(given: Uint8Array): Generator<FormatRecord, void, undefined> {
    let chunk = given;
    if (this.#isSkipping) {
      const end = chunk.indexOf(NEWLINE);
      if (end < 0) return;
      this.#isSkipping = false;
      this.#line++;
      chunk = chunk.subarray(end + 1);
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= 0) {
      const lines = chunk.subarray(0, last + 1);
      yield* this.#block(this.#waitingBytes === 0 ? lines : Buffer.concat([...this.#waiting, lines]));
      this.#waiting = [];
      this.#waitingBytes = 0;
      chunk = chunk.subarray(last + 1);
    }
    if (chunk.length === 0) return;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes <= this.#recordBytesMax) return;
    yield this.#tooLong(Buffer.concat(this.#waiting));
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isSkipping = true;
  }

  *end(): Generator<FormatRecord, void, undefined> {
    if (this.#waitingBytes > 0) yield* this.#block(Buffer.concat(this.#waiting));
  }

  #tooLong(bytes: Uint8Array): FormatRecord {
    const message = `The line is longer than the ${this.#recordBytesMax} bytes allowed. Shorten or split the record.`;
    return { line: this.#line, error: { code: "tooLong", message, excerpt: excerptOfBytes(bytes) } };
  }

  *#block(bytes: Uint8Array): Generator<FormatRecord, void, undefined> {
    const text = decodeUtf8(bytes);
    if (text === undefined || bytes.length > this.#recordBytesMax) {
      yield* this.#slowBlock(bytes);
      return;
    }
    for (let at = 0; at < text.length; this.#line++) {
      const newline = text.indexOf("\n", at);
      const end = newline < 0 ? text.length : newline;
      const line = text.slice(at, end);
      if (!BLANK.test(line)) yield parseObject(this.#line, line);
      at = end + 1;
    }
  }

  *#slowBlock(bytes: Uint8Array): Generator<FormatRecord, void, undefined> {
    for (let at = 0; at < bytes.length; this.#line++) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      const record = this.#slowLine(bytes.subarray(at, end));
      if (record) yield record;
      at = end + 1;
    }
  }

  #slowLine(bytes: Uint8Array): FormatRecord | undefined {
    if (bytes.length > this.#recordBytesMax) return this.#tooLong(bytes);
    const text = decodeUtf8(bytes);
    if (text !== undefined) return BLANK.test(text) ? undefined : parseObject(this.#line, text);
    const error = { code: "badEncoding" as const, message: describeBadUtf8(bytes), excerpt: excerptOfBytes(bytes) };
    return { line: this.#line, error };
  }
}

/** Reads one JSON object per line; blank lines are passed over. Memory: one line and one chunk. */
export async function* readJsonl(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<FormatRecord, void, undefined> {
  const lines = new LineReader(options.recordBytesMax);
  for await (const chunk of readText(source)) for (const record of lines.push(chunk)) yield record;
  for (const record of lines.end()) yield record;
}
