import { expect, test } from "vitest";
import { KeyedRandom } from "@/strategies";
import { KernelSvm, rbfKernel } from "./kernelSvm";
import { areaUnderCurve, stratifiedSplit } from "./publicSets";

const N = 80;
const D = 3;
const random = new KeyedRandom("svm", "data");
const x = Float64Array.from({ length: N * D }, (_, i) => random.uniform(i) * 4 - 2);
const y = Int32Array.from({ length: N }, (_, i) => {
  const isInside = x[i * D] ** 2 + x[i * D + 1] ** 2 < 2;
  // Some labels are wrong, so that weights reach their bound.
  return isInside !== random.uniform(10_000 + i) < 0.1 ? 1 : 0;
});
const kernel = rbfKernel(x, N, D, 1 / D);

test("rows added one by one end at the same decisions as all at once", () => {
  const grown = new KernelSvm(kernel, y);
  for (let row = 0; row < 60; row++) {
    grown.add(row);
    grown.train();
  }
  const atOnce = new KernelSvm(kernel, y);
  for (let row = 0; row < 60; row++) atOnce.add(row);
  atOnce.train();
  for (let row = 0; row < N; row++) expect(Math.abs(grown.decision(row) - atOnce.decision(row))).toBeLessThan(0.01);
});

test("no row outside the margin of its class is a support vector: leaving it out changes nothing", () => {
  const all = new KernelSvm(kernel, y);
  for (let row = 0; row < 60; row++) all.add(row);
  all.train();
  const clear = Array.from({ length: 60 }, (_, row) => row).filter(
    (row) => (y[row] === 1 ? 1 : -1) * all.decision(row) > 1.05,
  );
  expect(clear.length).toBeGreaterThan(0);
  const without = new KernelSvm(kernel, y);
  for (let row = 0; row < 60; row++) if (!clear.includes(row)) without.add(row);
  without.train();
  for (let row = 0; row < N; row++) expect(Math.abs(without.decision(row) - all.decision(row))).toBeLessThan(0.01);
});

test("with one class every row is of it", () => {
  const svm = new KernelSvm(kernel, y);
  const row = y.indexOf(0);
  svm.add(row);
  svm.train();
  expect(svm.decision((row + 1) % N)).toBeLessThan(0);
});

test("the test rows have the classes' shares, and seeds differ", () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 20 ? 1 : 0));
  const split = stratifiedSplit(labels, 0.4, 10, "a");
  expect(split.test.filter((row) => labels[row] === 1)).toHaveLength(8);
  expect(split.test).toHaveLength(40);
  expect(new Set([...split.test, ...split.pool]).size).toBe(100);
  expect(split.initial.every((row) => split.pool.includes(row))).toBe(true);
  expect(stratifiedSplit(labels, 0.4, 10, "a")).toEqual(split);
  expect(stratifiedSplit(labels, 0.4, 10, "b").test).not.toEqual(split.test);
});

test("the area of a straight line is its middle", () => {
  expect(areaUnderCurve([0, 0.5, 1])).toBeCloseTo(0.5, 12);
  expect(areaUnderCurve([0.2, 0.4])).toBeCloseTo(0.3, 12);
});
