import { AppError } from "@/server/errors";

const UTF8_BOM = [0xef, 0xbb, 0xbf] as const;
/** Bytes looked at to tell UTF-16 without a mark from UTF-8. */
const SNIFF_BYTES = 512;

const SIGNATURES: { bytes: readonly number[]; what: string; advice: string }[] = [
  { bytes: [0x00, 0x00, 0xfe, 0xff], what: "UTF-32 text", advice: "Save it as UTF-8" },
  { bytes: [0xff, 0xfe], what: "UTF-16 text", advice: "Save it as UTF-8 (in Excel: “CSV UTF-8”)" },
  { bytes: [0xfe, 0xff], what: "UTF-16 text", advice: "Save it as UTF-8 (in Excel: “CSV UTF-8”)" },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    what: "a zip archive or an Excel workbook",
    advice: "Unpack it, or save the sheet as CSV",
  },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: "an old Excel or Word file", advice: "Save the sheet as CSV" },
  { bytes: [0x50, 0x41, 0x52, 0x31, 0x15], what: "a Parquet file", advice: "Write it as JSONL or CSV" },
  { bytes: [0x25, 0x50, 0x44, 0x46, 0x2d], what: "a PDF", advice: "Extract its text into CSV or JSONL" },
  { bytes: [0x1f, 0x8b], what: "gzip inside gzip", advice: "Compress it once only" },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: "Zstandard-compressed", advice: "Use gzip, or send it uncompressed" },
  {
    bytes: [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59],
    what: "bzip2-compressed",
    advice: "Use gzip, or send it uncompressed",
  },
];

const startsWith = (head: Uint8Array, bytes: readonly number[]): boolean => bytes.every((byte, i) => head[i] === byte);

function notText(what: string, advice: string): AppError {
  return new AppError(
    "E_UNSUPPORTED_FORMAT",
    `The file is ${what}; expected UTF-8 text. ${advice}, and import it again.`,
  );
}

/** Refuses what is surely not UTF-8 text: other encodings by their mark or their zero bytes, and binary files. */
export function checkIsText(head: Uint8Array): void {
  for (const { bytes, what, advice } of SIGNATURES) if (startsWith(head, bytes)) throw notText(what, advice);
  const sniffed = head.subarray(0, SNIFF_BYTES);
  let even = 0;
  let odd = 0;
  for (let i = 0; i < sniffed.length; i++) if (sniffed[i] === 0) i % 2 === 0 ? even++ : odd++;
  // Mostly-Latin UTF-16 has a zero in every second place.
  const half = sniffed.length / 2;
  if (half >= 2 && Math.max(even, odd) > half * 0.7 && Math.min(even, odd) < half * 0.1) {
    throw notText("UTF-16 text without a mark", "Save it as UTF-8");
  }
  if (half >= 2 && even + odd > sniffed.length * 0.3)
    throw notText("a binary file", "Choose a CSV, TSV, JSON or JSONL file");
}

/** Number of bytes of the byte order mark at the start. */
export function bomLength(head: Uint8Array): number {
  return startsWith(head, UTF8_BOM) ? UTF8_BOM.length : 0;
}

/**
 * Passes the bytes of a UTF-8 text on, without the byte order mark. Holds back the first SNIFF_BYTES to check them.
 * @throws E_UNSUPPORTED_FORMAT for other encodings and binary files.
 */
export async function* readText(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length < SNIFF_BYTES) continue;
    checkIsText(head);
    yield head.subarray(bomLength(head));
    head = undefined;
  }
  if (head !== undefined && head.length > 0) {
    checkIsText(head);
    yield head.subarray(bomLength(head));
  }
}
