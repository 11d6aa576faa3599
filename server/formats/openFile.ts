import { Readable } from "node:stream";
import type { Gunzip } from "node:zlib";
import { createGunzip } from "node:zlib";
import { LIMITS } from "@/contracts/limits";
import { AppError } from "@/server/errors";

/** Output before which the ratio is not looked at: short files of one repeated line compress very well. */
const RATIO_GRACE_BYTES = 64 * 1024 * 1024;
/** Larger than Node's 16 KiB: fewer, larger pieces for the splitters. */
const INFLATE_CHUNK_BYTES = 256 * 1024;

export interface OpenedFile {
  isGzip: boolean;
  /** The bytes, decompressed. Read once. */
  chunks: AsyncIterable<Uint8Array>;
  /** Bytes of the stored file read up to now, for progress. */
  bytesRead(): number;
  /** Ends reading; needed when chunks are not read to their end. */
  close(): Promise<void>;
}

export interface OpenLimits {
  inflatedBytesMax: number;
  inflationRatioMax: number;
  ratioGraceBytes: number;
}

const DEFAULT_LIMITS: OpenLimits = {
  inflatedBytesMax: LIMITS.uploadInflatedBytes,
  inflationRatioMax: LIMITS.inflationRatio,
  ratioGraceBytes: RATIO_GRACE_BYTES,
};

/**
 * Opens a stored file for reading, decompressing gzip by itself (told by its first bytes, not by its name).
 * @throws while reading: E_TOO_LARGE when it inflates beyond the limits, E_BAD_INPUT when the gzip data is damaged.
 */
export async function openFile(
  source: AsyncIterable<Uint8Array>,
  limits: Partial<OpenLimits> = {},
): Promise<OpenedFile> {
  let nRead = 0;
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < 2) {
    const next = await iterator.next();
    if (next.done) break;
    first.push(next.value);
    size += next.value.length;
  }
  const head = Buffer.concat(first);
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (head.length > 0) {
        nRead += head.length;
        yield head;
      }
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        nRead += next.value.length;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  const chunks = isGzip ? inflate(counted(), () => nRead, { ...DEFAULT_LIMITS, ...limits }) : counted();
  const close = async (): Promise<void> => {
    await chunks.return();
    // A generator that was never begun does not run its finally.
    await iterator.return?.();
  };
  return { isGzip, chunks, bytesRead: () => nRead, close };
}

/** What zlib's codes mean for the person who sent the file; undefined for errors that are not about the data. */
function inflateError(error: unknown, produced: number): AppError | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== "string" || !code.startsWith("Z_")) return undefined;
  const what = code === "Z_BUF_ERROR" ? "ends too early" : "is damaged";
  return new AppError(
    "E_BAD_INPUT",
    `The gzip data ${what} after ${produced} decompressed bytes. Compress the file again and send it whole.`,
    { details: { zlib: code, produced }, cause: error },
  );
}

function checkInflation(produced: number, consumed: number, limits: OpenLimits): void {
  const isBomb = produced > limits.ratioGraceBytes && produced > consumed * limits.inflationRatioMax;
  if (!isBomb && produced <= limits.inflatedBytesMax) return;
  throw new AppError(
    "E_TOO_LARGE",
    isBomb
      ? `The gzip file inflates more than ${limits.inflationRatioMax} times (${consumed} bytes became ${produced}); that is refused as a decompression bomb. Send it uncompressed if it is genuine.`
      : `The gzip file holds more than the ${limits.inflatedBytesMax} bytes allowed. Split it.`,
    { details: { produced, consumed } },
  );
}

async function* inflate(
  source: AsyncIterable<Uint8Array>,
  consumed: () => number,
  limits: OpenLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(source, { objectMode: false });
  const gunzip: Gunzip = createGunzip({ chunkSize: INFLATE_CHUNK_BYTES });
  // pipe() does not pass errors on: reading the source may fail while inflating waits for it.
  input.on("error", (error) => gunzip.destroy(error));
  input.pipe(gunzip);
  let produced = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      produced += chunk.length;
      checkInflation(produced, consumed(), limits);
      yield chunk;
    }
  } catch (error) {
    throw inflateError(error, produced) ?? error;
  } finally {
    gunzip.destroy();
    input.destroy();
  }
}
