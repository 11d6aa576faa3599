import type { Pointer } from "./webAssembly";

const ALIGNMENT = 64;

type KernelArray = Float32Array | Float64Array | Int32Array;

/** The memory reserved for the kernels does not suffice; what was allocated so far stays as it is. */
export class KernelMemoryError extends RangeError {
  override readonly name = "KernelMemoryError";
}

/**
 * Stack allocator over the kernels' memory. Layout: static data, scratch of the kernels, staging area for arrays that
 * live elsewhere, then everything handed out by `alloc`.
 */
export class KernelArena {
  readonly staging: Pointer;
  readonly stagingBytes: number;
  readonly #buffer: ArrayBuffer;
  readonly #base: number;
  #top: number;
  /** Memory above it has never been handed out and is still zero. */
  #highest: number;

  constructor(buffer: ArrayBuffer, firstFreeByte: number, stagingBytes: number) {
    this.#buffer = buffer;
    this.staging = align(firstFreeByte);
    this.stagingBytes = stagingBytes;
    this.#base = align(this.staging + stagingBytes);
    this.#top = this.#base;
    this.#highest = this.#base;
  }

  allocF32(n: number): Float32Array {
    return new Float32Array(this.#buffer, this.#reserve(n, 4), n);
  }

  allocF64(n: number): Float64Array {
    return new Float64Array(this.#buffer, this.#reserve(n, 8), n);
  }

  allocI32(n: number): Int32Array {
    return new Int32Array(this.#buffer, this.#reserve(n, 4), n);
  }

  mark(): number {
    return this.#top;
  }

  release(mark: number): void {
    if (!(mark >= this.#base && mark <= this.#top)) {
      throw new RangeError(`release: the mark must lie in ${this.#base} … ${this.#top}, got ${mark}.`);
    }
    this.#top = mark;
  }

  /** Address of an array that lies in kernel memory; −1 for any other. */
  pointerOf(array: KernelArray): Pointer {
    return array.buffer === this.#buffer ? array.byteOffset : -1;
  }

  /** A float32 view of the staging area, from a byte offset inside it. */
  stagingView(offset: number, n: number): Float32Array {
    return new Float32Array(this.#buffer, this.staging + offset, n);
  }

  copyIn(pointer: Pointer, from: Float32Array | Int32Array): void {
    if (from instanceof Int32Array) new Int32Array(this.#buffer, pointer, from.length).set(from);
    else new Float32Array(this.#buffer, pointer, from.length).set(from);
  }

  copyOut(pointer: Pointer, to: Float32Array | Int32Array): void {
    if (to instanceof Int32Array) to.set(new Int32Array(this.#buffer, pointer, to.length));
    else to.set(new Float32Array(this.#buffer, pointer, to.length));
  }

  #reserve(n: number, bytesPerElement: number): Pointer {
    const bytes = n * bytesPerElement;
    const end = align(this.#top + bytes);
    if (!Number.isSafeInteger(n) || n < 0 || end > this.#buffer.byteLength) {
      const left = this.#buffer.byteLength - this.#top;
      throw new KernelMemoryError(
        `Kernel memory is exhausted: ${n} elements (${bytes} bytes) were asked for, ${left} of ${this.#buffer.byteLength} ` +
          "bytes are left. Reserve more memory or work in smaller parts.",
      );
    }
    const start = this.#top;
    if (start < this.#highest) new Uint8Array(this.#buffer, start, Math.min(bytes, this.#highest - start)).fill(0);
    this.#top = end;
    this.#highest = Math.max(this.#highest, end);
    return start;
  }
}

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
