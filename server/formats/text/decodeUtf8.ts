import { isUtf8 } from "node:buffer";

const NON_ASCII = /[\x80-\xff]/;

/**
 * The text of bytes held as a Latin-1 string (one character per byte), or undefined when they are not UTF-8. Splitting
 * at ASCII characters is safe in that form, and text without accents needs no second decoding.
 */
export function decodeLatin1AsUtf8(bytes: string): string | undefined {
  if (!NON_ASCII.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : undefined;
}

/** The text of bytes, or undefined when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8") : undefined;
}

/** Says which byte is wrong and what the file most likely is. */
export function describeBadUtf8(bytes: Uint8Array): string {
  const at = firstBadByte(bytes);
  const hex = bytes[at]?.toString(16).toUpperCase().padStart(2, "0");
  return `Byte ${at + 1} of the record (0x${hex}) is not UTF-8. The file is probably Latin-1 or Windows-1252: save it as UTF-8 and import it again.`;
}

/** Position of the first byte of the first sequence that is not a character. Cost: O(log n) checks of prefixes. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  // A prefix that ends inside a character counts as good here, so that goodness ends once and for all at the bad byte.
  while (good < bad) {
    const middle = (good + bad + 1) >>> 1;
    if (isUtf8(bytes.subarray(0, middle)) || bytesOfCutCharacter(bytes, middle) > 0) good = middle;
    else bad = middle - 1;
  }
  return good - (isUtf8(bytes.subarray(0, good)) ? 0 : bytesOfCutCharacter(bytes, good));
}

/** How many bytes at the end of the first n belong to a character that is cut off there; 0 when none is. */
function bytesOfCutCharacter(bytes: Uint8Array, n: number): number {
  for (let back = 1; back <= 3 && back <= n; back++) {
    const lead = bytes[n - back];
    if ((lead & 0xc0) === 0x80) continue;
    const length =
      lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 1;
    return length > back && isUtf8(bytes.subarray(0, n - back)) ? back : 0;
  }
  return 0;
}
