import { describe, expect, test } from "vitest";
import { createReferenceKernels } from "../kernels";
import { EMBEDDING_SQUARED_NORM_MAX, gatherEmbeddings } from "./embeddingBlock";
import { arrayMatrix } from "./rowMatrix";

const D = 8;

function gather(rows: number[][]) {
  const matrix = arrayMatrix(Float64Array.from(rows.flat(), Math.fround), rows.length, D);
  return gatherEmbeddings(
    createReferenceKernels(),
    matrix,
    Uint32Array.from(rows, (_, i) => i),
  );
}

describe("vectors as long as may be attached", () => {
  const at = Math.sqrt(EMBEDDING_SQUARED_NORM_MAX / D) * 0.999999;

  test("are taken, and their distances are finite, wherever the others lie", async () => {
    // One row opposite 300 others: the shift, their mean, lies as far from it as any can.
    const rows = [...Array.from({ length: 300 }, () => Array<number>(D).fill(at)), Array<number>(D).fill(-at)];
    const { norms, x, n } = await gather(rows);
    const last = n - 1;
    expect([...norms].every(Number.isFinite)).toBe(true);
    const dot = Array.from({ length: D }, (_, j) => x[j] * x[last * D + j]).reduce((a, b) => Math.fround(a + b), 0);
    expect(Number.isFinite(Math.fround(Math.fround(norms[0] + norms[last]) - Math.fround(2 * dot)))).toBe(true);
  });

  test("are within a small factor of what is refused", async () => {
    await expect(gather([Array<number>(D).fill(at * 16), Array<number>(D).fill(-at * 16)])).rejects.toMatchObject({
      code: "E_EMBEDDING_ROWS",
    });
  });
});
