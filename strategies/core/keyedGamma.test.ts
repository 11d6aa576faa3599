import { expect, test } from "vitest";
import { betaDraw, dirichletDraw, logGammaDraw } from "./keyedGamma";
import { KeyedRandom } from "./keyedRandom";
import { betaCdf } from "./metrics/distributions";

const DRAWS = 20_000;

/** Largest distance of the empirical from the true distribution function. */
function kolmogorov(values: number[], cdf: (x: number) => number): number {
  const sorted = values.sort((a, b) => a - b);
  let worst = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    worst = Math.max(worst, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  });
  return worst;
}

test.each([
  [1, 1],
  [0.1, 0.1],
  [0.3, 2],
  [5, 1],
  [40, 60],
  [1e-3, 1e-2],
])("draws from Beta(%d, %d)", (a, b) => {
  const random = new KeyedRandom("beta", `${a}/${b}`);
  const values = Array.from({ length: DRAWS }, (_, i) => betaDraw(random, a, b, i));
  // Draws of tiny shapes pile up at 0 and 1 themselves, where float64 holds no nearer value: compare inside.
  const inside = values.filter((x) => x > 1e-12 && x < 1 - 1e-12);
  const [low, high] = [betaCdf(1e-12, a, b), betaCdf(1 - 1e-12, a, b)];
  expect(Math.abs(inside.length / DRAWS - (high - low))).toBeLessThan(0.015);
  // 1.95 / √n is the 0.1 % bound of the Kolmogorov statistic.
  if (inside.length > 500) {
    const conditional = (x: number) => (betaCdf(x, a, b) - low) / (high - low);
    expect(kolmogorov(inside, conditional)).toBeLessThan(1.95 / Math.sqrt(inside.length));
  }
});

test("stays finite for shapes down to the smallest, where a quotient of two draws would be 0 / 0", () => {
  const random = new KeyedRandom("beta", "tiny");
  for (const shape of [1e-5, 1e-9, 1e-300, Number.MIN_VALUE]) {
    let ones = 0;
    for (let i = 0; i < 2000; i++) {
      expect(Number.isFinite(logGammaDraw(random, shape, i))).toBe(true);
      const x = betaDraw(random, shape, shape, i);
      expect(x >= 0 && x <= 1).toBe(true);
      if (x > 0.5) ones++;
    }
    // A coin: 1000 ± 4 standard deviations.
    expect(Math.abs(ones - 1000)).toBeLessThan(90);
  }
});

test("draws Dirichlet vectors that sum to 1 and have the right means", () => {
  const random = new KeyedRandom("dirichlet", "means");
  const shapes = [0.5, 1, 3.5];
  const mean = new Float64Array(3);
  const out = new Float64Array(3);
  for (let i = 0; i < DRAWS; i++) {
    dirichletDraw(random, shapes, 3 * i, out);
    expect(out[0] + out[1] + out[2]).toBeCloseTo(1, 12);
    for (let k = 0; k < 3; k++) mean[k] += out[k] / DRAWS;
  }
  // Standard errors are below 0.0014.
  [0.1, 0.2, 0.7].forEach((expected, k) => {
    expect(Math.abs(mean[k] - expected)).toBeLessThan(0.006);
  });
  dirichletDraw(random, [1e-9, 1e-9, 1e-9], 0, out);
  expect(Math.max(...out)).toBeCloseTo(1, 9);
});

test("a draw depends on its stream alone", () => {
  const random = new KeyedRandom("gamma", "streams");
  expect(logGammaDraw(random, 2, 7)).toBe(logGammaDraw(new KeyedRandom("gamma", "streams"), 2, 7));
  expect(logGammaDraw(random, 2, 7)).not.toBe(logGammaDraw(random, 2, 8));
});
