import { AppError } from "@/server/errors";
import type { FormatRecord, RecordErrorCode } from "../format";
import { decodeUtf8, describeBadUtf8 } from "../text/decodeUtf8";
import { excerptOfBytes } from "../text/excerpt";
import { parseObject } from "../text/parseObject";

const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const isSpace = (c: number): boolean => c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d;
const isBracket = (c: number): boolean =>
  c === OPEN_LIST || c === CLOSE_LIST || c === OPEN_OBJECT || c === CLOSE_OBJECT;

/** Nesting beyond which an entry is refused. */
const DEPTH_MAX = 100;
const OUTSIDE_EXCERPT_BYTES = 800;

/**
 * Cuts a JSON list into its entries by matching brackets outside strings; each entry is then parsed by JSON.parse. A
 * library that parses token by token was not taken: it stops for good at the first mistake, holds a value of any size,
 * and knows no lines. Here a broken entry costs itself only, because a string cannot span lines and a bracket that closes
 * the wrong kind closes the kinds inside it.
 *
 * Modes: before the list (white space only), between entries, inside an entry (depth ≥ 1, or a bare value at depth 0),
 * after the list. An entry larger than the limit is matched to its end but not kept.
 */
export class ListSplitter {
  readonly #recordBytesMax: number;
  #mode: "before" | "between" | "entry" | "after" = "before";
  #line = 1;
  /** Brackets open inside the entry. */
  #open: number[] = [];
  /** Brackets open beyond DEPTH_MAX: counted, not kept. */
  #nDeeper = 0;
  #isInString = false;
  #isEscaped = false;
  /** Brackets met in the current string, should it turn out that its closing quote is missing. */
  #inString: number[] = [];
  #entryLine = 1;
  #entry: Uint8Array[] = [];
  #entryBytes = 0;
  #problem: { code: RecordErrorCode; message: string } | undefined;
  #mayComma = false;
  #isRestReported = false;

  constructor(recordBytesMax: number) {
    this.#recordBytesMax = recordBytesMax;
  }

  get isUnopened(): boolean {
    return this.#mode === "before";
  }

  *push(chunk: Uint8Array): Generator<FormatRecord, void, undefined> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const c = chunk[at];
      if (c === NEWLINE) this.#line++;
      if (this.#mode === "entry") {
        const step = this.#step(c);
        if (step === "inside") continue;
        // A bare value ends before the character that ends it, a string, object or list with it.
        this.#keep(chunk.subarray(from, step === "endsWith" ? at + 1 : at));
        this.#mode = step === "endsList" ? "after" : "between";
        this.#mayComma = step === "endsWith";
        yield this.#finish();
      } else if (!isSpace(c)) {
        from = at;
        const record = this.#outside(c, chunk.subarray(at, at + OUTSIDE_EXCERPT_BYTES));
        if (record) yield record;
      }
    }
    if (this.#mode === "entry") this.#keep(chunk.subarray(from));
  }

  /** A character that is neither white space nor inside an entry. */
  #outside(c: number, rest: Uint8Array): FormatRecord | undefined {
    if (this.#mode === "before") this.#openList(c, rest);
    else if (this.#mode === "after") {
      if (this.#isRestReported) return undefined;
      this.#isRestReported = true;
      return this.#errorHere("Text follows the end of the list; it was not read.", rest);
    } else if (c === CLOSE_LIST) this.#mode = "after";
    else if (c === COMMA) {
      const isStray = !this.#mayComma;
      this.#mayComma = false;
      if (isStray) return this.#errorHere("A comma stands where an entry was expected.", rest);
    } else this.#begin(c);
    return undefined;
  }

  *end(): Generator<FormatRecord, void, undefined> {
    if (this.#mode === "entry") {
      this.#problem = { code: "endsEarly", message: "The file ends in the middle of this entry. It was cut off." };
      yield this.#finish();
    } else if (this.#mode === "between") {
      const message = 'The file ends before the list is closed with "]". It was probably cut off.';
      yield { line: this.#line, error: { code: "endsEarly", message, excerpt: "" } };
    }
  }

  #openList(c: number, start: Uint8Array): void {
    if (c === OPEN_LIST) {
      this.#mode = "between";
      return;
    }
    const advice =
      c === OPEN_OBJECT ? "If there is one object per line, import it as JSON Lines." : "Check the format.";
    throw new AppError(
      "E_UNSUPPORTED_FORMAT",
      `Expected a JSON list of objects: [ {…}, {…} ]. The file starts with: ${excerptOfBytes(start)} ${advice}`,
    );
  }

  #errorHere(message: string, rest: Uint8Array): FormatRecord {
    return { line: this.#line, error: { code: "malformed", message, excerpt: excerptOfBytes(rest) } };
  }

  /** Starts an entry. A missing comma before it is harmless: the entries are told apart all the same. */
  #begin(c: number): void {
    this.#mode = "entry";
    this.#entryLine = this.#line;
    this.#open = [];
    this.#nDeeper = 0;
    this.#isInString = false;
    this.#isEscaped = false;
    this.#step(c);
  }

  #step(c: number): "inside" | "endsWith" | "endsAtComma" | "endsList" {
    if (this.#isInString) {
      if (c === NEWLINE) return this.#endBrokenString();
      if (this.#isEscaped) this.#isEscaped = false;
      else if (c === BACKSLASH) this.#isEscaped = true;
      else if (c === QUOTE) {
        this.#isInString = false;
        if (this.#open.length === 0) return "endsWith";
      } else if (isBracket(c) && this.#inString.length < DEPTH_MAX) this.#inString.push(c);
      return "inside";
    }
    if (c === QUOTE) {
      this.#isInString = true;
      this.#inString = [];
      return "inside";
    }
    if (c === OPEN_OBJECT || c === OPEN_LIST) {
      this.#push(c);
      return "inside";
    }
    if (c === CLOSE_OBJECT || c === CLOSE_LIST) return this.#close(c);
    return this.#open.length === 0 && c === COMMA ? "endsAtComma" : "inside";
  }

  /**
   * A string cannot hold a line break: its quote was forgotten, and JSON.parse will refuse the entry. The brackets on the
   * rest of that line were meant as such, so they are counted now; that finds the end of an entry written on one line.
   */
  #endBrokenString(): "inside" | "endsWith" {
    this.#isInString = false;
    this.#isEscaped = false;
    for (const c of this.#inString) {
      if (c === OPEN_OBJECT || c === OPEN_LIST) this.#push(c);
      else if (this.#close(c) !== "inside") return "endsWith";
    }
    return "inside";
  }

  #push(c: number): void {
    if (this.#open.length < DEPTH_MAX) this.#open.push(c);
    else {
      this.#nDeeper++;
      this.#problem ??= { code: "malformed", message: `Brackets are nested more than ${DEPTH_MAX} deep.` };
    }
  }

  #close(c: number): "inside" | "endsWith" | "endsList" {
    if (this.#open.length === 0) return c === CLOSE_LIST ? "endsList" : "inside";
    if (this.#nDeeper > 0) {
      this.#nDeeper--;
      return "inside";
    }
    const wanted = c === CLOSE_OBJECT ? OPEN_OBJECT : OPEN_LIST;
    const at = this.#open.lastIndexOf(wanted);
    if (at >= 0) this.#open.length = at;
    return this.#open.length === 0 ? "endsWith" : "inside";
  }

  #keep(bytes: Uint8Array): void {
    this.#entryBytes += bytes.length;
    if (this.#entryBytes <= this.#recordBytesMax) this.#entry.push(bytes);
    else {
      const message = `The entry is longer than the ${this.#recordBytesMax} bytes allowed. Shorten or split the record.`;
      this.#problem ??= { code: "tooLong", message };
      // The beginning stays for the excerpt.
      this.#entry = [Buffer.concat([...this.#entry, bytes.subarray(0, 1_000)]).subarray(0, 1_000)];
    }
  }

  #finish(): FormatRecord {
    const bytes = this.#entry.length === 1 ? this.#entry[0] : Buffer.concat(this.#entry);
    const line = this.#entryLine;
    const problem = this.#problem;
    this.#entry = [];
    this.#entryBytes = 0;
    this.#problem = undefined;
    if (problem) return { line, error: { ...problem, excerpt: excerptOfBytes(bytes) } };
    const text = decodeUtf8(bytes);
    if (text !== undefined) return parseObject(line, text);
    return { line, error: { code: "badEncoding", message: describeBadUtf8(bytes), excerpt: excerptOfBytes(bytes) } };
  }
}
