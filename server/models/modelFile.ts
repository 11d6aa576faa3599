import { crc32 } from "node:zlib";
import { AppError } from "@/server/errors";

/**
 * File of a trained model: "WNWM", format version (uint32), header length (uint32), CRC-32 of all other bytes (uint32),
 * the header as JSON, zero bytes up to a multiple of 16, then the float32 arrays one after the other. Little-endian.
 */
const MAGIC = 0x4d574e57;
const FORMAT_VERSION = 1;
const PREFIX_BYTES = 16;
const HEADER_BYTES_MAX = 64 * 1024 * 1024;

export interface ModelFile {
  trainerId: string;
  /** Anything JSON: architecture, metrics, remarks. */
  header: unknown;
  arrays: Float32Array[];
}

export function writeModelFile({ trainerId, header, arrays }: ModelFile): Uint8Array {
  const lengths = arrays.map((array) => array.length);
  const text = new TextEncoder().encode(JSON.stringify({ trainerId, lengths, header }));
  const arraysStart = aligned(PREFIX_BYTES + text.length);
  const bytes = new Uint8Array(arraysStart + 4 * lengths.reduce((total, length) => total + length, 0));
  bytes.set(text, PREFIX_BYTES);
  let at = arraysStart;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, FORMAT_VERSION, true);
  view.setUint32(8, text.length, true);
  view.setUint32(12, checksum(bytes), true);
  return bytes;
}

/** @throws AppError E_STORAGE when the bytes are not a model file, are cut short or were changed. */
export function readModelFile(bytes: Uint8Array): ModelFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREFIX_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw damaged(`expected it to start with "WNWM", got ${bytes.length} bytes of something else`);
  }
  if (view.getUint32(4, true) !== FORMAT_VERSION) {
    throw damaged(`expected format version ${FORMAT_VERSION}, got ${view.getUint32(4, true)}`);
  }
  if (view.getUint32(12, true) !== checksum(bytes)) throw damaged("its checksum does not match");
  const headerLength = view.getUint32(8, true);
  if (headerLength > Math.min(HEADER_BYTES_MAX, bytes.length - PREFIX_BYTES)) throw damaged("its header is cut short");
  const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerLength));
  const { trainerId, lengths, header } = JSON.parse(text) as { trainerId: string; lengths: number[]; header: unknown };
  let at = aligned(PREFIX_BYTES + headerLength);
  const arrays = lengths.map((length) => {
    if (at + 4 * length > bytes.length) throw damaged("its arrays are cut short");
    // A copy: the caller's bytes may be unaligned, and the model must not keep them alive.
    const array = new Float32Array(bytes.slice(at, at + 4 * length).buffer);
    at += 4 * length;
    return array;
  });
  return { trainerId, header, arrays };
}

function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(PREFIX_BYTES), crc32(bytes.subarray(0, PREFIX_BYTES - 4)));
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

function damaged(why: string): AppError {
  return new AppError(
    "E_STORAGE",
    `The stored model cannot be read: ${why}. Restore the file or train the model again.`,
  );
}
