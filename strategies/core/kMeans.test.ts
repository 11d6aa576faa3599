import { expect, test } from "vitest";
import { createReferenceKernels } from "../kernels";
import { KeyedRandom } from "./keyedRandom";
import { kMeans } from "./kMeans";

const kernels = createReferenceKernels();

function blobs(centres: readonly (readonly [number, number])[], perBlob: number, spread: number) {
  const noise = new KeyedRandom("blobs", "noise");
  const n = centres.length * perBlob;
  const x = new Float32Array(n * 2);
  for (let i = 0; i < n; i++) {
    const [cx, cy] = centres[i % centres.length];
    x[2 * i] = cx + spread * (noise.uniform(i, 0) - 0.5);
    x[2 * i + 1] = cy + spread * (noise.uniform(i, 1) - 0.5);
  }
  const norms = new Float32Array(n);
  kernels.rowNorms(x, n, 2, norms);
  return { x, norms, n, d: 2 };
}

test("kMeans finds well separated blobs and their sizes", () => {
  const data = blobs(
    [
      [0, 0],
      [10, 0],
      [0, 10],
      [10, 10],
    ],
    50,
    1,
  );
  const result = kMeans(kernels, { ...data, k: 4, maxIterations: 50, random: new KeyedRandom("1", "k") });
  expect([...result.sizes]).toEqual([50, 50, 50, 50]);
  for (let i = 0; i < data.n; i++) expect(result.assignment[i]).toBe(result.assignment[i % 4]);
  expect(result.inertia).toBeLessThan(200 * 0.5);
  // Sum of squares about the centroids, computed afresh.
  let inertia = 0;
  for (let i = 0; i < data.n; i++) {
    const c = result.assignment[i];
    inertia += (data.x[2 * i] - result.centroids[2 * c]) ** 2 + (data.x[2 * i + 1] - result.centroids[2 * c + 1]) ** 2;
  }
  expect(result.inertia).toBeCloseTo(inertia, 2);
});

test("kMeans gives the same answer for the same seed and stops at the distinct points there are", () => {
  const data = blobs([[1, 2]], 40, 0);
  const same = (seed: string) =>
    kMeans(kernels, { ...data, k: 5, maxIterations: 10, random: new KeyedRandom(seed, "k") });
  expect(same("a")).toEqual(same("a"));
  expect(same("a").k).toBe(1);
  const two = blobs(
    [
      [1000, 2000],
      [1001, 2000],
    ],
    10,
    0,
  );
  expect(kMeans(kernels, { ...two, k: 8, maxIterations: 10, random: new KeyedRandom("b", "k") }).k).toBe(2);
});

test("kMeans lets heavy rows pull the centroid", () => {
  const x = Float32Array.of(0, 0, 4, 0);
  const args = { x, norms: Float32Array.of(0, 16), n: 2, d: 2, k: 1, maxIterations: 5 };
  const result = kMeans(kernels, { ...args, weights: Float64Array.of(1, 3), random: new KeyedRandom("w", "k") });
  expect(result.centroids[0]).toBeCloseTo(3, 6);
});
