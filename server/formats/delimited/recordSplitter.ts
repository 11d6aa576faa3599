import type { RecordErrorCode } from "../format";
import { decodeLatin1AsUtf8, describeBadUtf8 } from "../text/decodeUtf8";
import { excerptOfBytes } from "../text/excerpt";

/** Fields of one record, or what is wrong with it. */
export interface RawRecord {
  line: number;
  fields: string[] | undefined;
  error?: { code: RecordErrorCode; message: string };
  excerpt: string;
}

export interface SplitterOptions {
  delimiter: string;
  isQuoted: boolean;
  recordBytesMax: number;
}

const NEWLINE = "\n";
const QUOTE = '"';

type Scan =
  | { kind: "record"; end: number; fields: string[] }
  | { kind: "more" }
  /** `end` is undefined when the line on which the record starts has not ended yet. */
  | { kind: "bad"; code: RecordErrorCode; message: string };

/**
 * Cuts delimited text into records (RFC 4180 with any one-character delimiter, LF or CRLF, and unquoted fields that may
 * hold quotes inside). Text is held as Latin-1, one character per byte, and each field is decoded by itself.
 *
 * A record that breaks the grammar costs its own first line only: reading goes on at the next line. That is why a record
 * is held whole until it ends; one larger than the limit is dropped as it arrives.
 *
 * Modes: reading; skipping "line": everything up to the next line break is dropped; skipping "quoted": the same, but the
 * line breaks inside quotes do not count, because the dropped record was inside quotes when it met the limit.
 */
export class RecordSplitter {
  readonly #options: SplitterOptions;
  #text = "";
  /** Line number of the first character of #text. */
  #line = 1;
  /** Length that #text must reach before scanning again can find more. Doubling keeps long records linear. */
  #scanAt = 0;
  #skipping: "line" | "quoted" | undefined;
  #isInQuotes = false;

  constructor(options: SplitterOptions) {
    this.#options = options;
  }

  push(bytes: Uint8Array): RawRecord[] {
    this.#text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    return this.#text.length < this.#scanAt ? [] : this.#take(false);
  }

  end(): RawRecord[] {
    const records = this.#take(true);
    if (this.#skipping === "quoted" && this.#isInQuotes) {
      const message = `The quoted field that started before line ${this.#line} never ends; everything after it was lost. Close the quote.`;
      records.push({ line: this.#line, fields: undefined, error: { code: "endsEarly", message }, excerpt: "" });
    }
    return records;
  }

  #take(isEnd: boolean): RawRecord[] {
    const records: RawRecord[] = [];
    let at = 0;
    while (true) {
      if (this.#skipping) {
        at = this.#skip(at);
        if (this.#skipping) break;
      }
      if (at >= this.#text.length) break;
      const scan = this.#scan(at, isEnd);
      if (scan.kind === "more") {
        if (this.#text.length - at <= this.#options.recordBytesMax) break;
        records.push(this.#refuseLong(at));
        continue;
      }
      const record = scan.kind === "record" ? this.#accept(at, scan) : this.#refuse(at, scan);
      if (record) records.push(record);
      const end = scan.kind === "record" ? scan.end : this.#nextLine(at);
      if (end === undefined) {
        this.#skipping = "line";
        continue;
      }
      this.#countLines(at, end);
      at = end;
    }
    this.#text = this.#text.slice(at);
    this.#scanAt = this.#text.length * 2;
    return records;
  }

  #accept(at: number, scan: { end: number; fields: string[] }): RawRecord | undefined {
    const { fields } = scan;
    // A line with nothing on it is no record; a quoted empty field is one.
    if (fields.length === 1 && fields[0] === "" && this.#text[at] !== QUOTE) return undefined;
    if (scan.end - at > this.#options.recordBytesMax) return this.#errorAt(at, scan.end, "tooLong", this.#tooLong());
    for (let i = 0; i < fields.length; i++) {
      const decoded = decodeLatin1AsUtf8(fields[i]);
      if (decoded === undefined) {
        const bytes = Buffer.from(this.#text.slice(at, scan.end), "latin1");
        return this.#errorAt(at, scan.end, "badEncoding", describeBadUtf8(bytes));
      }
      fields[i] = decoded;
    }
    return { line: this.#line, fields, excerpt: "" };
  }

  #refuse(at: number, scan: { code: RecordErrorCode; message: string }): RawRecord {
    return this.#errorAt(at, this.#nextLine(at) ?? this.#text.length, scan.code, scan.message);
  }

  #errorAt(at: number, end: number, code: RecordErrorCode, message: string): RawRecord {
    const start = Buffer.from(this.#text.slice(at, Math.min(end, at + 1_000)), "latin1");
    return { line: this.#line, fields: undefined, error: { code, message }, excerpt: excerptOfBytes(start) };
  }

  #tooLong(): string {
    return `The record is longer than the ${this.#options.recordBytesMax} bytes allowed (is a quote left open?). Shorten it or split it.`;
  }

  /** The record at `at` has met the limit before its end: reports it and drops it from here on. */
  #refuseLong(at: number): RawRecord {
    const record = this.#errorAt(at, this.#text.length, "tooLong", this.#tooLong());
    this.#isInQuotes = false;
    this.#skipping = this.#options.isQuoted ? "quoted" : "line";
    return record;
  }

  #nextLine(at: number): number | undefined {
    const newline = this.#text.indexOf(NEWLINE, at);
    return newline < 0 ? undefined : newline + 1;
  }

  #countLines(from: number, to: number): void {
    for (let at = this.#text.indexOf(NEWLINE, from); at >= 0 && at < to; at = this.#text.indexOf(NEWLINE, at + 1)) {
      this.#line++;
    }
  }

  /** Drops text up to the end of the refused record; returns where reading goes on, or the end of the text. */
  #skip(from: number): number {
    const text = this.#text;
    for (let at = from; at < text.length; at++) {
      const c = text.charCodeAt(at);
      // A doubled quote leaves and enters again at once, so it needs no rule of its own.
      if (c === 34 && this.#skipping === "quoted") this.#isInQuotes = !this.#isInQuotes;
      else if (c === 10) {
        this.#line++;
        if (this.#isInQuotes) continue;
        this.#skipping = undefined;
        return at + 1;
      }
    }
    return text.length;
  }

  #scan(at: number, isEnd: boolean): Scan {
    const text = this.#text;
    const newline = text.indexOf(NEWLINE, at);
    if (newline < 0 && !isEnd) return { kind: "more" };
    const lineEnd = newline < 0 ? text.length : newline;
    const line = text.slice(at, lineEnd > at && text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd);
    if (!this.#options.isQuoted || !line.includes(QUOTE)) {
      return { kind: "record", end: newline < 0 ? lineEnd : lineEnd + 1, fields: line.split(this.#options.delimiter) };
    }
    return this.#scanQuoted(at, isEnd);
  }

  #scanQuoted(start: number, isEnd: boolean): Scan {
    const text = this.#text;
    const { delimiter } = this.#options;
    const fields: string[] = [];
    let at = start;
    while (true) {
      let value: string;
      if (text[at] === QUOTE) {
        const quoted = this.#scanQuotedField(at, isEnd);
        if (typeof quoted === "string") return this.#badQuote(quoted, isEnd);
        value = quoted.value;
        at = quoted.end;
      } else {
        const from = at;
        while (at < text.length && text[at] !== delimiter && text[at] !== NEWLINE) at++;
        if (at >= text.length && !isEnd) return { kind: "more" };
        const isCarriageReturn = text[at] !== delimiter && at > from && text[at - 1] === "\r";
        value = text.slice(from, isCarriageReturn ? at - 1 : at);
      }
      fields.push(value);
      if (at >= text.length) return { kind: "record", end: at, fields };
      if (text[at] === NEWLINE) return { kind: "record", end: at + 1, fields };
      at++;
    }
  }

  #badQuote(problem: "more" | "unclosed" | "trailing", isEnd: boolean): Scan {
    if (problem === "more" && !isEnd) return { kind: "more" };
    if (problem === "trailing") {
      const message =
        'Text follows a closing quote. Write quotes inside a quoted field twice (""), and close it before the delimiter.';
      return { kind: "bad", code: "malformed", message };
    }
    return { kind: "bad", code: "endsEarly", message: "A quote is opened and never closed up to the end of the file." };
  }

  /** The field whose opening quote stands at `at`; `end` is the delimiter, the line break or the end of the text. */
  #scanQuotedField(at: number, isEnd: boolean): { value: string; end: number } | "more" | "unclosed" | "trailing" {
    const text = this.#text;
    let value = "";
    for (let from = at + 1; ; ) {
      const quote = text.indexOf(QUOTE, from);
      if (quote < 0) return isEnd ? "unclosed" : "more";
      const next = text[quote + 1];
      if (next === undefined && !isEnd) return "more";
      if (next === QUOTE) {
        value += text.slice(from, quote + 1);
        from = quote + 2;
        continue;
      }
      value += text.slice(from, quote);
      let end = quote + 1;
      if (next === "\r") {
        if (text[end + 1] === undefined && !isEnd) return "more";
        end++;
      }
      const follows = text[end];
      if (follows === undefined || follows === NEWLINE || (next !== "\r" && follows === this.#options.delimiter)) {
        return { value, end };
      }
      return "trailing";
    }
  }
}
