import type { RowMatrix } from "@/strategies";
import { evenShards } from "@/strategies";
import { UsageError } from "../cliError";
import type { NpyDtype, NpyFile } from "./openNpy";
import { NPY_BYTES } from "./openNpy";

/** Files up to this size are read at once; larger ones are streamed shard by shard. */
const IN_MEMORY_BYTES_MAX = 256 << 20;

const SHARD_ROWS = 65536;

/**
 * A two-dimensional .npy file as a matrix. f4, i1 and u1 become float32, all others float64. A large file stays on disk
 * and one shard of it in memory.
 */
export function npyMatrix(file: NpyFile, name: string): RowMatrix {
  if (file.shape.length !== 2)
    throw new UsageError(`${name}: ${file.path} has one dimension; two are needed (rows, columns).`);
  const [n, dim] = file.shape;
  if (dim === 0) throw new UsageError(`${name}: ${file.path} has no columns.`);
  const isFloat32 = file.dtype === "f4" || file.dtype === "i1" || file.dtype === "u1";
  const bytesPerRow = dim * NPY_BYTES[file.dtype];
  const base = { n, dim, dtype: isFloat32 ? ("f32" as const) : ("f64" as const) };
  const make = (values: number) => (isFloat32 ? new Float32Array(values) : new Float64Array(values));
  if (n * bytesPerRow <= IN_MEMORY_BYTES_MAX) {
    const all = make(n * dim);
    readInto(file, 0, all);
    return {
      ...base,
      shards: evenShards(n, Math.max(1, n)),
      view: (start, end) => all.subarray(start * dim, end * dim),
    };
  }
  const buffer = make(SHARD_ROWS * dim);
  return {
    ...base,
    shards: evenShards(n, SHARD_ROWS),
    view(start, end) {
      const part = buffer.subarray(0, (end - start) * dim);
      readInto(file, start * dim, part);
      return part;
    },
  };
}

/** The values of a one-dimensional file (or a single column) as float64. */
export function npyVector(file: NpyFile, name: string): Float64Array {
  const [n, columns = 1] = file.shape;
  if (columns !== 1)
    throw new UsageError(`${name}: ${file.path} has shape (${file.shape.join(", ")}); one dimension is needed.`);
  const values = new Float64Array(n);
  readInto(file, 0, values);
  return values;
}

/** Class numbers from a one-dimensional file: integers ≥ 0. */
export function npyClasses(file: NpyFile, name: string): Int32Array {
  const values = npyVector(file, name);
  for (let i = 0; i < values.length; i++) {
    if (!(Number.isInteger(values[i]) && values[i] >= 0 && values[i] <= 0x7fffffff)) {
      throw new UsageError(`${name}: entry ${i} of ${file.path} is ${values[i]}; class numbers 0, 1, 2, … are needed.`);
    }
  }
  return Int32Array.from(values);
}

/** Reads values from position `first` on, converting to the type of `out`. */
export function readInto(file: NpyFile, first: number, out: Float32Array | Float64Array): void {
  const direct =
    (file.dtype === "f4" && out instanceof Float32Array) || (file.dtype === "f8" && out instanceof Float64Array);
  if (direct) {
    file.read(first * NPY_BYTES[file.dtype], new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
    return;
  }
  const bytes = new Uint8Array(out.length * NPY_BYTES[file.dtype]);
  file.read(first * NPY_BYTES[file.dtype], bytes);
  const values = typed(file.dtype, bytes.buffer);
  for (let i = 0; i < out.length; i++) out[i] = Number(values[i]);
}

function typed(dtype: NpyDtype, buffer: ArrayBuffer): ArrayLike<number | bigint> {
  switch (dtype) {
    case "f4":
      return new Float32Array(buffer);
    case "f8":
      return new Float64Array(buffer);
    case "i1":
      return new Int8Array(buffer);
    case "i4":
      return new Int32Array(buffer);
    case "i8":
      return new BigInt64Array(buffer);
    case "u1":
      return new Uint8Array(buffer);
  }
}
