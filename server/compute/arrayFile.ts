import { AppError } from "../errors";

/**
 * A JSON header and named arrays in one file: "WNAF", format number, header length, header, then the arrays, each at a
 * multiple of 64 bytes, little endian. For learnt parameters, training sets and snapshots.
 */

const MAGIC = 0x46414e57;
const FORMAT = 1;
const ALIGNMENT = 64;
const PREFIX_BYTES = 12;

type NumberArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

const CONSTRUCTORS = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  u32: Uint32Array,
  u16: Uint16Array,
  u8: Uint8Array,
} as const;
type DType = keyof typeof CONSTRUCTORS;

interface StoredHeader {
  meta: unknown;
  arrays: { name: string; dtype: DType; length: number; offset: number }[];
}

export interface ArrayFile {
  /** Whatever JSON was written. Not checked here. */
  meta: unknown;
  /** @throws AppError E_STORAGE when the file has no such array. */
  f32(name: string): Float32Array;
  f64(name: string): Float64Array;
  i32(name: string): Int32Array;
  u32(name: string): Uint32Array;
  u16(name: string): Uint16Array;
  u8(name: string): Uint8Array;
}

function dtypeOf(array: NumberArray): DType {
  const found = (Object.keys(CONSTRUCTORS) as DType[]).find((dtype) => array instanceof CONSTRUCTORS[dtype]);
  if (!found) throw new TypeError("encodeArrayFile: not an array of a known number type.");
  return found;
}

const aligned = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

/** The same meta and arrays give the same bytes. */
export function encodeArrayFile(meta: unknown, arrays: Readonly<Record<string, NumberArray>>): Uint8Array {
  const entries = Object.entries(arrays);
  const layout = (dataStart: number): StoredHeader => {
    let offset = dataStart;
    const described = entries.map(([name, array]) => {
      const entry = { name, dtype: dtypeOf(array), length: array.length, offset };
      offset = aligned(offset + array.byteLength);
      return entry;
    });
    return { meta, arrays: described };
  };
  // Offsets are padded to a fixed width by trying once: the header grows by at most a few digits.
  const guess = new TextEncoder().encode(JSON.stringify(layout(Number.MAX_SAFE_INTEGER / 2))).length;
  const dataStart = aligned(PREFIX_BYTES + guess);
  const header = layout(dataStart);
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const last = header.arrays.at(-1);
  const size = last ? last.offset + entries[entries.length - 1][1].byteLength : dataStart;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, FORMAT, true);
  view.setUint32(8, headerBytes.length, true);
  bytes.set(headerBytes, PREFIX_BYTES);
  entries.forEach(([, array], i) => {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), header.arrays[i].offset);
  });
  return bytes;
}

/** Arrays are views on `bytes`, which must start at a multiple of 8 in its buffer. */
export function decodeArrayFile(bytes: Uint8Array, name: string): ArrayFile {
  const damaged = (what: string) =>
    new AppError(
      "E_STORAGE",
      `"${name}" is not a readable array file: ${what}. Restore it from a backup or rebuild it.`,
    );
  if (bytes.length < PREFIX_BYTES) throw damaged(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== FORMAT) throw damaged("wrong first bytes");
  const headerEnd = PREFIX_BYTES + view.getUint32(8, true);
  if (headerEnd > bytes.length) throw damaged("it ends inside its header");
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, headerEnd))) as StoredHeader;
  const read = (arrayName: string, dtype: DType): NumberArray => {
    const entry = header.arrays.find((a) => a.name === arrayName);
    if (entry?.dtype !== dtype) throw damaged(`no ${dtype} array "${arrayName}"`);
    const make = CONSTRUCTORS[dtype];
    if (entry.offset + entry.length * make.BYTES_PER_ELEMENT > bytes.length) throw damaged(`"${arrayName}" is cut off`);
    return new make(bytes.buffer as ArrayBuffer, bytes.byteOffset + entry.offset, entry.length);
  };
  return {
    meta: header.meta,
    f32: (n) => read(n, "f32") as Float32Array,
    f64: (n) => read(n, "f64") as Float64Array,
    i32: (n) => read(n, "i32") as Int32Array,
    u32: (n) => read(n, "u32") as Uint32Array,
    u16: (n) => read(n, "u16") as Uint16Array,
    u8: (n) => read(n, "u8") as Uint8Array,
  };
}
