import { beforeAll, describe, expect, it } from "vitest";
import { KeyedRandom } from "@/strategies";
import { symmetricEigen } from "@/strategies/core/symmetricEigen";
import type { Kernels } from "@/strategies/kernels";
import { createReferenceKernels } from "@/strategies/kernels";
import { testKernels } from "../test/testKernels";
import { orthonormalize } from "./orthonormalize";
import type { SparseRows } from "./sparseRows";
import { transposeSparse } from "./sparseRows";
import { truncatedSvd } from "./truncatedSvd";

function randomDense(n: number, m: number, seed: string): Float64Array {
  const random = new KeyedRandom(seed, "dense");
  return Float64Array.from({ length: n * m }, (_, i) => random.uniform(i) - 0.5);
}

function sparseOf(dense: Float64Array, nRows: number, nColumns: number): SparseRows {
  const starts = new Int32Array(nRows + 1);
  const columns: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < nRows; i++) {
    for (let j = 0; j < nColumns; j++) {
      if (dense[i * nColumns + j] === 0) continue;
      columns.push(j);
      values.push(dense[i * nColumns + j]);
    }
    starts[i + 1] = columns.length;
  }
  return { nRows, nColumns, starts, columns: Int32Array.from(columns), values: Float32Array.from(values) };
}

/** Singular values by the eigenvalues of AᵀA: good enough for those that are not tiny. */
function singularValuesOf(dense: Float64Array, nRows: number, nColumns: number): Float64Array {
  const gram = new Float64Array(nColumns * nColumns);
  for (let i = 0; i < nRows; i++) {
    for (let a = 0; a < nColumns; a++) {
      for (let b = 0; b < nColumns; b++) gram[a * nColumns + b] += dense[i * nColumns + a] * dense[i * nColumns + b];
    }
  }
  return symmetricEigen(gram, nColumns).values.map((value) => Math.sqrt(Math.max(0, value)));
}

/** Rank `rank` with singular values falling like 1, 1/2, 1/4 … of scale. */
function lowRank(nRows: number, nColumns: number, rank: number): Float64Array {
  const left = randomDense(nRows, rank, "left");
  const right = randomDense(rank, nColumns, "right");
  const product = new Float64Array(nRows * nColumns);
  for (let i = 0; i < nRows; i++) {
    for (let r = 0; r < rank; r++) {
      for (let j = 0; j < nColumns; j++)
        product[i * nColumns + j] += (left[i * rank + r] * right[r * nColumns + j]) / 2 ** r;
    }
  }
  return product;
}

function dotColumns(matrix: Float32Array, n: number, k: number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * k + a] * matrix[i * k + b];
  return sum;
}

describe("symmetricEigen", () => {
  it.each([1, 2, 3, 7, 40])("reproduces a random symmetric matrix of size %i", (n) => {
    const half = randomDense(n, n, "symmetric");
    const matrix = Float64Array.from({ length: n * n }, (_, p) => half[p] + half[(p % n) * n + Math.floor(p / n)]);
    const { values, vectors } = symmetricEigen(matrix, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let m = 0; m < n; m++) sum += vectors[i * n + m] * values[m] * vectors[j * n + m];
        expect(sum).toBeCloseTo(matrix[i * n + j], 10);
      }
    }
    expect([...values]).toEqual([...values].sort((a, b) => b - a));
  });

  it("handles matrices that are diagonal, zero or of equal eigenvalues", () => {
    expect([...symmetricEigen(Float64Array.of(2, 0, 0, 3), 2).values]).toEqual([3, 2]);
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
    expect([...symmetricEigen(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), 3).values]).toEqual([1, 1, 1]);
  });
});

describe("truncatedSvd", () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await testKernels();
  });

  it("finds the leading singular values and orthonormal directions", () => {
    const dense = lowRank(120, 60, 12);
    const svd = truncatedSvd(kernels, sparseOf(dense, 120, 60), 8, "s", () => undefined);
    const expected = singularValuesOf(dense, 120, 60);
    expect(svd.dim).toBe(8);
    for (let j = 0; j < 6; j++) expect(svd.singularValues[j] / expected[j]).toBeCloseTo(1, 3);
    for (let a = 0; a < 8; a++) {
      for (let b = 0; b <= a; b++) {
        expect(dotColumns(svd.directions, 60, 8, a, b)).toBeCloseTo(a === b ? 1 : 0, 3);
      }
    }
  });

  it("keeps no more directions than the matrix has", () => {
    const svd = truncatedSvd(kernels, sparseOf(lowRank(50, 40, 3), 50, 40), 20, "s", () => undefined);
    expect(svd.dim).toBe(3);
    expect(svd.directions.every(Number.isFinite)).toBe(true);
    const one = truncatedSvd(kernels, sparseOf(Float64Array.of(0, 2, 0), 1, 3), 8, "s", () => undefined);
    expect(one.dim).toBe(1);
    expect(one.singularValues[0]).toBeCloseTo(2, 5);
  });

  it("gives the same bits for the same seed, and nearly the same values for another", () => {
    const matrix = sparseOf(lowRank(80, 50, 10), 80, 50);
    const run = (seed: string) => truncatedSvd(kernels, matrix, 5, seed, () => undefined);
    expect(run("a")).toEqual(run("a"));
    expect(run("b").singularValues[2] / run("a").singularValues[2]).toBeCloseTo(1, 3);
  });

  it("works on the reference kernels too", () => {
    const matrix = sparseOf(lowRank(40, 30, 6), 40, 30);
    const wasm = truncatedSvd(kernels, matrix, 4, "s", () => undefined);
    const reference = truncatedSvd(createReferenceKernels(), matrix, 4, "s", () => undefined);
    for (let j = 0; j < 4; j++) expect(reference.singularValues[j] / wasm.singularValues[j]).toBeCloseTo(1, 4);
  });

  it("frees what it allocated", () => {
    const mark = kernels.mark();
    truncatedSvd(kernels, sparseOf(lowRank(30, 20, 4), 30, 20), 4, "s", () => undefined);
    expect(kernels.mark()).toBe(mark);
  });
});

describe("orthonormalize", () => {
  it("stays finite where columns repeat or vanish", async () => {
    const kernels = await testKernels();
    const n = 30;
    const from = new Float32Array(n * 4);
    for (let i = 0; i < n; i++) {
      from[i * 4] = i + 1;
      from[i * 4 + 1] = i + 1;
      from[i * 4 + 2] = i % 3;
    }
    const to = new Float32Array(n * 4);
    orthonormalize(kernels, from, n, 4, to);
    expect(to.every(Number.isFinite)).toBe(true);
    expect(dotColumns(to, n, 4, 0, 0)).toBeCloseTo(1, 3);
    expect(dotColumns(to, n, 4, 0, 2)).toBeCloseTo(0, 3);
  });
});

describe("transposeSparse", () => {
  it("is its own inverse", () => {
    const dense = randomDense(7, 5, "t").map((value, i) => (i % 3 === 0 ? 0 : value));
    const matrix = sparseOf(dense, 7, 5);
    expect(transposeSparse(transposeSparse(matrix))).toEqual(matrix);
  });
});
