import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { UsageError } from "../cliError";

export type NpyDtype = "f4" | "f8" | "i1" | "i4" | "i8" | "u1";

/** A NumPy file whose header was read and whose length fits it. */
export interface NpyFile {
  readonly path: string;
  readonly dtype: NpyDtype;
  /** One or two sizes. */
  readonly shape: readonly number[];
  readonly dataOffset: number;
  /** Fills `into` with bytes of the array from `offset` on. */
  read(offset: number, into: Uint8Array): void;
  close(): void;
}

export const NPY_BYTES: Readonly<Record<NpyDtype, number>> = { f4: 4, f8: 8, i1: 1, i4: 4, i8: 8, u1: 1 };

const MAGIC = "\x93NUMPY";
/** Longest header of a plain array by far; a longer one is no plain array. */
const HEADER_BYTES_MAX = 65536;

/**
 * Opens a .npy file: versions 1 and 2, little-endian f4, f8, i1, i4, i8, u1, C order, one or two dimensions.
 *
 * @throws UsageError that names the file and what in it is not supported.
 */
export function openNpy(path: string): NpyFile {
  const file = openFile(path);
  try {
    const { header, dataOffset } = readHeader(path, file);
    const dtype = dtypeOf(path, header);
    if (/'fortran_order'\s*:\s*True/.test(header)) {
      throw refused(path, "is in Fortran order; save it with numpy.ascontiguousarray");
    }
    const shape = shapeOf(path, header);
    const bytes = shape.reduce((product, size) => product * size, NPY_BYTES[dtype]);
    const found = fstatSync(file).size - dataOffset;
    if (found !== bytes)
      throw refused(path, `holds ${found} bytes of data; shape (${shape.join(", ")}) needs ${bytes}`);
    return {
      path,
      dtype,
      shape,
      dataOffset,
      read: (offset, into) => readFully(path, file, dataOffset + offset, into),
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openFile(path: string): number {
  if (endianness() !== "LE") throw new UsageError("winnow reads .npy files on little-endian machines only.");
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new UsageError(`${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function readHeader(path: string, file: number): { header: string; dataOffset: number } {
  const start = Buffer.alloc(12);
  const got = readSync(file, start, 0, 12, 0);
  if (got < 10 || start.toString("latin1", 0, 6) !== MAGIC)
    throw refused(path, "is no .npy file (its first bytes are not \\x93NUMPY)");
  const major = start[6];
  if (major !== 1 && major !== 2) throw refused(path, `is .npy version ${major}.${start[7]}; 1 and 2 are supported`);
  const headerStart = major === 1 ? 10 : 12;
  const length = major === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (length > HEADER_BYTES_MAX) throw refused(path, `has a header of ${length} bytes, too long for a plain array`);
  const header = Buffer.alloc(length);
  readFully(path, file, headerStart, header);
  return { header: header.toString("latin1"), dataOffset: headerStart + length };
}

function dtypeOf(path: string, header: string): NpyDtype {
  const match = /'descr'\s*:\s*'([^']*)'/.exec(header);
  if (match === null) throw refused(path, "holds a structured array; plain arrays are supported");
  const descr = match[1];
  const known: Readonly<Record<string, NpyDtype>> = {
    "<f4": "f4",
    "<f8": "f8",
    "|i1": "i1",
    "<i1": "i1",
    "<i4": "i4",
    "<i8": "i8",
    "|u1": "u1",
    "<u1": "u1",
  };
  const dtype = known[descr];
  if (dtype !== undefined) return dtype;
  if (descr.startsWith(">")) throw refused(path, `is big-endian (${descr}); save it with .astype("${descr.slice(1)}")`);
  throw refused(path, `has dtype ${descr}; f4, f8, i1, i4, i8 and u1 are supported`);
}

function shapeOf(path: string, header: string): number[] {
  const match = /'shape'\s*:\s*\(([^)]*)\)/.exec(header);
  if (match === null) throw refused(path, "has a header without a shape");
  const parts = match[1].split(",").map((part) => part.trim());
  const shape = parts.filter((part) => part !== "").map(Number);
  if (shape.length < 1 || shape.length > 2)
    throw refused(path, `has ${shape.length} dimensions; 1 and 2 are supported`);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw refused(path, `has the shape (${match[1]})`);
  return shape;
}

function readFully(path: string, file: number, offset: number, into: Uint8Array): void {
  for (let done = 0; done < into.length; ) {
    const got = readSync(file, into, done, into.length - done, offset + done);
    if (got === 0) throw refused(path, "ends too early");
    done += got;
  }
}

function refused(path: string, what: string): UsageError {
  return new UsageError(`${path} ${what}.`);
}
