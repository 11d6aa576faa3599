import type { KernelArena } from "./arena";
import { align } from "./arena";
import type { Pointer } from "./webAssembly";

/** Bytes worked on at a time when arrays have to be copied: they stay in the second-level cache between copy and use. */
const BLOCK_BYTES = 512 * 1024;

export interface Operand {
  /** An absent array becomes pointer 0. */
  array: Float32Array | Int32Array | undefined;
  /** Elements per row, or the length of an array that every block needs whole. */
  perRow: number | { whole: number };
  access: "read" | "write" | "both";
}

export interface Block {
  start: number;
  count: number;
  isFirst: boolean;
  isLast: boolean;
}

interface Placement {
  array: Float32Array | Int32Array;
  perRow: number;
  whole: number;
  isRead: boolean;
  isWritten: boolean;
  pointer: Pointer;
}

/**
 * Calls a kernel over n rows. Operands in kernel memory are passed as they are, and when all of them are, there is one
 * call; otherwise rows go through the staging area in blocks of a multiple of `rowMultiple`, chosen so that the kernel
 * adds up in the same order as in one call.
 */
export function runInBlocks(
  arena: KernelArena,
  kernel: string,
  n: number,
  rowMultiple: number,
  operands: readonly Operand[],
  call: (pointers: readonly Pointer[], block: Block) => void,
): void {
  if (n === 0) return;
  const pointers: Pointer[] = [];
  const staged: Placement[] = [];
  const placementOf: (Placement | undefined)[] = [];
  for (const operand of operands) {
    const pointer = operand.array === undefined ? 0 : arena.pointerOf(operand.array);
    pointers.push(pointer);
    placementOf.push(pointer >= 0 ? undefined : place(staged, operand));
  }
  if (staged.length === 0) {
    call(pointers, { start: 0, count: n, isFirst: true, isLast: true });
    return;
  }
  const rowsPerBlock = layOut(arena, kernel, staged, rowMultiple);
  placementOf.forEach((placement, index) => {
    if (placement !== undefined) pointers[index] = placement.pointer;
  });
  // In-place operands move along with the rows; their pointers are advanced from these starts.
  const starts = [...pointers];
  for (const { array, whole, pointer } of staged) if (whole > 0) arena.copyIn(pointer, array.subarray(0, whole));
  for (let start = 0; start < n; start += rowsPerBlock) {
    const count = Math.min(rowsPerBlock, n - start);
    operands.forEach(({ perRow, array }, index) => {
      if (array !== undefined && placementOf[index] === undefined && typeof perRow === "number") {
        pointers[index] = starts[index] + start * perRow * 4;
      }
    });
    for (const { array, perRow, isRead, pointer } of staged) {
      if (isRead && perRow > 0) arena.copyIn(pointer, array.subarray(start * perRow, (start + count) * perRow));
    }
    call(pointers, { start, count, isFirst: start === 0, isLast: start + count === n });
    for (const { array, perRow, isWritten, pointer } of staged) {
      if (isWritten && perRow > 0) arena.copyOut(pointer, array.subarray(start * perRow, (start + count) * perRow));
    }
  }
  for (const { array, whole, isWritten, pointer } of staged) {
    if (isWritten && whole > 0) arena.copyOut(pointer, array.subarray(0, whole));
  }
}

/** One placement per array: an array given twice (gradient over logits) must stay one array. */
function place(staged: Placement[], { array, perRow, access }: Operand): Placement {
  const known = staged.find((placement) => placement.array === array);
  const placement = known ?? {
    array: array as Float32Array | Int32Array,
    perRow: typeof perRow === "number" ? perRow : 0,
    whole: typeof perRow === "number" ? 0 : perRow.whole,
    isRead: false,
    isWritten: false,
    pointer: 0,
  };
  placement.isRead ||= access !== "write";
  placement.isWritten ||= access !== "read";
  if (known === undefined) staged.push(placement);
  return placement;
}

/** Gives each staged array its address and returns how many rows fit. */
function layOut(arena: KernelArena, kernel: string, staged: Placement[], rowMultiple: number): number {
  let pointer = arena.staging;
  let bytesPerRow = 0;
  for (const placement of staged) {
    if (placement.whole > 0) {
      placement.pointer = pointer;
      pointer = align(pointer + placement.whole * 4);
    }
    bytesPerRow += placement.perRow * 4;
  }
  const room = arena.staging + arena.stagingBytes - pointer - 64 * staged.length;
  const wanted = Math.floor(Math.min(BLOCK_BYTES, room) / Math.max(1, bytesPerRow) / rowMultiple) * rowMultiple;
  const rows = Math.max(rowMultiple, wanted);
  if (rows * bytesPerRow > room) {
    throw new RangeError(
      `${kernel}: ${rowMultiple} rows of ${bytesPerRow} bytes do not fit the kernels' staging area of ${arena.stagingBytes} ` +
        "bytes. Allocate these arrays with allocF32, or reserve more kernel memory.",
    );
  }
  for (const placement of staged) {
    if (placement.whole > 0) continue;
    placement.pointer = pointer;
    pointer = align(pointer + rows * placement.perRow * 4);
  }
  return rows;
}
