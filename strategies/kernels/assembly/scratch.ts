// Working space shared by all kernels: packed panels, transposed rows, partial tiles. The host reserves it once.
// Nothing in it survives a call.

/** First byte after static data; the host lays out the memory from here. */
export const heapBase: usize = __heap_base;

/** Bytes the host must reserve at the pointer it gives to `setScratch`. */
export const scratchBytes: usize = 2 << 20;

export let scratch: usize = 0;

export function setScratch(pointer: usize): void {
  scratch = pointer;
}

/** A 4-row tile of at most 128 bytes a row; lies at the very start of the scratch. */
@inline export function tileBuffer(): usize {
  return scratch;
}

/** Packed A: up to 128 rows × 256 values of 8 bytes. */
@inline export function packedA(): usize {
  return scratch + 1024;
}

/** Packed B: 256 × 512 float32 or 256 × 256 float64, rounded up to whole slivers. */
@inline export function packedB(): usize {
  return scratch + 1024 + 128 * 256 * 8;
}

/** Rows laid side by side (4 per column) for row-wise kernels; takes the whole scratch. */
@inline export function rowBuffer(): usize {
  return scratch;
}
