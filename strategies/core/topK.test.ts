import fc from "fast-check";
import { expect, test } from "vitest";
import { keysFromTexts } from "./itemKeys";
import { selectTopK } from "./topK";

const KEYS = keysFromTexts(Array.from({ length: 6000 }, (_, i) => `item ${i}`));

function sorted(values: number[], key: (row: number) => number): number[] {
  return values.map((_, row) => row).sort((a, b) => values[b] - values[a] || key(a) - key(b));
}

test("selectTopK equals a full sort, whatever the order of the pushes, with few distinct values", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 400 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      (values, k, reversed) => {
        const rows = Uint32Array.from(values, (_, i) => (reversed ? values.length - 1 - i : i));
        const key = (row: number) => KEYS.hi[row] * 2 ** 32 + KEYS.lo[row];
        for (const keys of [undefined, KEYS]) {
          const top = selectTopK(
            rows,
            Float64Array.from(rows, (row) => values[row]),
            k,
            keys,
          );
          const expected = sorted(values, keys === undefined ? (row) => row : key);
          expect([...top.rows]).toEqual(expected.slice(0, k));
          const last = values[expected[Math.min(k, expected.length) - 1]];
          expect(top.tiesOutside).toBe(expected.slice(k).filter((row) => values[row] === last).length);
        }
      },
    ),
  );
});

test.each(["ascending", "descending", "equal"])("selectTopK holds its answer over many compactions (%s)", (shape) => {
  const n = 6000;
  const rows = Uint32Array.from({ length: n }, (_, i) => i);
  const values = Float64Array.from(rows, (i) => (shape === "equal" ? 1 : shape === "ascending" ? i : -i));
  const top = selectTopK(rows, values, 10, undefined);
  expect(top.rows[0]).toBe(shape === "ascending" ? n - 1 : 0);
  expect(top.rows[9]).toBe(shape === "ascending" ? n - 10 : 9);
  expect(top.tiesOutside).toBe(shape === "equal" ? n - 10 : 0);
});

test("selectTopK of nothing is nothing", () => {
  expect([...selectTopK(new Uint32Array(0), [], 5, undefined).rows]).toEqual([]);
  expect([...selectTopK(Uint32Array.of(1, 2), [0, 1], 0, undefined).rows]).toEqual([]);
});
