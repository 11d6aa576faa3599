import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  combineIncrements,
  estimateControlled,
  estimateHajek,
  estimateLure,
  estimatePure,
  estimateWithRefits,
  lureWeights,
  martingaleIncrements,
} from ".";

const golden = JSON.parse(readFileSync(new URL("../../test/golden/evaluation/lure.json", import.meta.url), "utf8"));

/** Probabilities over the items left, from what was seen so far. */
type Proposal = (left: readonly number[], seen: readonly { item: number; loss: number }[]) => number[];

interface Sequence {
  probability: number;
  items: number[];
  q: number[];
  losses: number[];
}

function normalized(scores: number[]): number[] {
  const sum = scores.reduce((a, b) => a + b, 0);
  return scores.map((score) => score / sum);
}

/** Every sequence of `nDraws` draws with its probability. */
function enumerate(losses: readonly number[], proposal: Proposal, nDraws: number): Sequence[] {
  let sequences: Sequence[] = [{ probability: 1, items: [], q: [], losses: [] }];
  for (let m = 0; m < nDraws; m++) {
    sequences = sequences.flatMap((past) => {
      const left = losses.map((_, i) => i).filter((i) => !past.items.includes(i));
      const q = proposal(
        left,
        past.items.map((item) => ({ item, loss: losses[item] })),
      );
      return left.flatMap((item, k) =>
        q[k] === 0
          ? []
          : [
              {
                probability: past.probability * q[k],
                items: [...past.items, item],
                q: [...past.q, q[k]],
                losses: [...past.losses, losses[item]],
              },
            ],
      );
    });
  }
  return sequences;
}

function expectation(sequences: readonly Sequence[], value: (sequence: Sequence) => number): number {
  return sequences.reduce((sum, sequence) => sum + sequence.probability * value(sequence), 0);
}

const S5 = golden.enumeration_scores_S5 as number[];
const meanSeen = (seen: readonly { loss: number }[]) =>
  seen.length === 0 ? 0.5 : seen.reduce((sum, { loss }) => sum + loss, 0) / seen.length;
const PROPOSALS: Record<string, Proposal> = {
  static_good: (left) => normalized(left.map((i) => S5[i])),
  adaptive: (left, seen) => normalized(left.map((i) => 0.5 * S5[i] + 0.5 * Math.abs(S5[i] - meanSeen(seen)) + 0.05)),
  adversarial: (left) => normalized(left.map((i) => 1.05 - S5[i])),
};

function proposalOf(name: string): Proposal {
  return PROPOSALS[name.includes("adversarial") ? "adversarial" : name];
}

describe("full enumeration of draw sequences", () => {
  test.each(
    (golden.enumeration as Record<string, number>[]).map(
      (entry) => [`${entry.name}, ${entry.M} draws`, entry] as const,
    ),
  )("%s: LURE and PURE are unbiased and the variance is exact", (_, entry) => {
    const pool = entry.pool_losses as unknown as number[];
    const sequences = enumerate(pool, proposalOf(String(entry.name)), entry.M);
    const draws = ({ q, losses }: Sequence) => ({ poolSize: pool.length, q, losses });
    expect(sequences).toHaveLength(entry.n_sequences);
    expect(expectation(sequences, () => 1)).toBeCloseTo(1, 12);
    const lure = expectation(sequences, (s) => estimateLure(draws(s)).value);
    expect(lure).toBeCloseTo(entry.pool_mean, 12);
    expect(expectation(sequences, (s) => estimatePure(draws(s)).value)).toBeCloseTo(entry.pool_mean, 12);
    const variance = expectation(sequences, (s) => (estimateLure(draws(s)).value - entry.pool_mean) ** 2);
    expect(variance).toBeCloseTo(entry.Var_lure, 12);
    expect(expectation(sequences, (s) => (estimatePure(draws(s)).value - entry.pool_mean) ** 2)).toBeCloseTo(
      entry.Var_pure,
      12,
    );
    const known = expectation(
      sequences,
      (s) => combineIncrements(martingaleIncrements(draws(s)), pool.length, entry.pool_mean).variance,
    );
    expect(known).toBeCloseTo(entry.E_var_martingale_known_center, 12);
    expect(expectation(sequences, (s) => estimateHajek(draws(s)))).toBeCloseTo(entry.E_hajek, 12);
  });

  test("fixed and earlier-tuned control variates stay unbiased, for a good, a bad and a constant control", () => {
    const pool = [0, 1, 0.2, 0.7, 0.1];
    for (const g of [
      [0.1, 0.8, 0.3, 0.6, 0],
      [1, 0, 0.9, 0.1, 0.7],
      [0.4, 0.4, 0.4, 0.4, 0.4],
    ]) {
      const poolMean = g.reduce((a, b) => a + b, 0) / g.length;
      for (const proposal of Object.values(PROPOSALS)) {
        for (const nDraws of [1, 2, 3, 4, 5]) {
          const sequences = enumerate(pool, proposal, nDraws);
          for (const lambda of [0.5, 1, "earlier"] as const) {
            const mean = expectation(
              sequences,
              ({ items, q, losses }) =>
                estimateControlled({ poolSize: 5, q, losses }, { drawn: items.map((i) => g[i]), poolMean }, lambda)
                  .value,
            );
            expect(mean).toBeCloseTo(0.4, 12);
          }
        }
      }
    }
  });

  test("a control refitted on the labels seen stays unbiased", () => {
    const pool = [0, 1, 0.2, 0.7, 0.1];
    for (const nDraws of [1, 3, 5]) {
      const sequences = enumerate(pool, PROPOSALS.adaptive, nDraws);
      const mean = expectation(sequences, ({ items, q, losses }) => {
        const controls = items.map((item, m) => {
          const seen = items.slice(0, m).map((earlier) => ({ loss: pool[earlier] }));
          const g = S5.map((score) => score * meanSeen(seen));
          const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
          return {
            poolMean: sum(g) / 5,
            earlierSum: sum(items.slice(0, m).map((earlier) => g[earlier])),
            atDrawn: g[item],
          };
        });
        return estimateWithRefits({ poolSize: 5, q, losses }, controls).value;
      });
      expect(mean).toBeCloseTo(0.4, 12);
    }
  });

  test("a difference of two models' losses is unbiased", () => {
    const [a, b] = [
      [0, 1, 1, 0, 0],
      [1, 1, 0, 0, 0],
    ];
    const difference = a.map((loss, i) => loss - b[i]);
    const sequences = enumerate(difference, PROPOSALS.static_good, 3);
    expect(expectation(sequences, ({ q, losses }) => estimateLure({ poolSize: 5, q, losses }).value)).toBeCloseTo(
      0,
      12,
    );
  });
});

describe("laws", () => {
  const sequence = fc.integer({ min: 2, max: 40 }).chain((poolSize) =>
    fc
      .record({
        scores: fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: poolSize, maxLength: poolSize }),
        losses: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: poolSize, maxLength: poolSize }),
        nDraws: fc.integer({ min: 1, max: poolSize }),
      })
      .map(({ scores, losses, nDraws }) => {
        let left = scores.reduce((a, b) => a + b, 0);
        const q = scores.map((score, i) => {
          const probability = i === poolSize - 1 ? 1 : Math.min(1, score / left);
          left -= score;
          return probability;
        });
        return { draws: { poolSize, q: q.slice(0, nDraws), losses: losses.slice(0, nDraws) }, losses };
      }),
  );

  test("weighted mean and combined increments are one number, and scale and shift as a mean does at M = N", () => {
    fc.assert(
      fc.property(sequence, ({ draws }) => {
        const weights = lureWeights(draws);
        const mean = weights.reduce((sum, weight, m) => sum + weight * draws.losses[m], 0) / weights.length;
        const { value } = estimateLure(draws);
        expect(Math.abs(mean - value)).toBeLessThan(1e-9 * (1 + Math.abs(value)));
        const doubled = estimateLure({ ...draws, losses: draws.losses.map((loss) => 2 * loss) });
        expect(Math.abs(doubled.value - 2 * value)).toBeLessThan(1e-9 * (1 + Math.abs(value)));
      }),
    );
  });

  test("an exhausted frame gives its mean, without variance", () => {
    fc.assert(
      fc.property(sequence, ({ draws, losses }) => {
        if (draws.q.length < draws.poolSize) return;
        const { value, variance } = estimateLure(draws);
        expect(value).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / losses.length, 9);
        expect(variance).toBe(0);
      }),
    );
  });

  test("draws in proportion to the control make control and LURE the same number", () => {
    const g = [0.1, 0.8, 0.3, 0.6, 0.2];
    const pool = [0, 1, 0.2, 0.7, 0.1];
    for (const { items, q, losses } of enumerate(pool, (left) => normalized(left.map((i) => g[i])), 3)) {
      const draws = { poolSize: 5, q, losses };
      const controlled = estimateControlled(draws, { drawn: items.map((i) => g[i]), poolMean: 0.4 }, 1);
      expect(controlled.value).toBeCloseTo(estimateLure(draws).value, 12);
      expect(estimateControlled(draws, { drawn: items.map((i) => g[i]), poolMean: 0.4 }).lambdaRaw).toBe(0);
    }
  });
});
