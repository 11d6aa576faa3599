import { describe, expect, test } from "vitest";
import { bitmapFromRows } from "../core/bitmap";
import { KeyedRandom } from "../core/keyedRandom";
import { completeOptions } from "../core/resolveOptions";
import { arrayMatrix } from "../core/rowMatrix";
import type { JsonValue, OptionValues, Pool, Selection, Strategy } from "../core/types";
import { createReferenceKernels } from "../kernels";
import { chancesOf, expectedReward, flatBelief } from "./belief";
import { describeTailor } from "./describeTailor";
import { makeTailor } from "./index";
import type { TailorRound } from "./tailorState";

const N = 400;
const K = 3;
const nothing = () => undefined;
const kernels = createReferenceKernels();
const contextOf = (seed: string) => ({
  ...{ kernels, seed, scope: "t", checkAbort: nothing, progress: nothing, trace: nothing },
});

/** A strategy that ranks the rows of one class (row % K) first, and counts how often it was opened. */
function finderOf(k: number): Strategy {
  return {
    id: `finds-${k}`,
    ...{ version: 1, title: "", summary: "", whenToUse: "", whenNot: "", taskKinds: ["single-label", "multi-label"] },
    score: { name: "", better: "higher" },
    options: { type: "object", additionalProperties: false, properties: {} },
    needs: () => ({ arrays: ["labels"] }),
    costFormula: "",
    cost: () => ({ flops: 1, bytes: 1 }),
    claims: { random: false, inclusion: false, embeddingInvariance: false },
    ...{ sources: [], differences: [] },
    select(_context, pool, n): Selection {
      const open = Array.from({ length: pool.n }, (_, row) => row).filter(
        (row) => (pool.eligible.words[row >>> 5] >>> (row & 31)) & 1,
      );
      const rows = [...open.filter((row) => row % K === k), ...open.filter((row) => row % K !== k)].slice(0, n);
      const zeros = new Float64Array(rows.length);
      const nulls = rows.map(() => null);
      return {
        rows: Uint32Array.from(rows),
        ...{ scores: zeros, utility: zeros, percentile: nulls, inclusion: nulls },
        reasons: rows.map(() => [{ code: "random" }]),
        notices: [],
      };
    },
  };
}

const tailor = makeTailor([finderOf(0), finderOf(1), finderOf(2)]);
const ARMS = ["finds-0", "finds-1", "finds-2"];

interface World {
  labelled: number[];
  pending: number[];
  skipped: number[];
}

function poolOf(world: World, state: JsonValue | undefined, classOf = (row: number) => row % K): Pool {
  const gone = new Set([...world.labelled, ...world.pending, ...world.skipped]);
  return {
    n: N,
    nClasses: K,
    eligible: bitmapFromRows(
      N,
      Array.from({ length: N }, (_, row) => row).filter((row) => !gone.has(row)),
    ),
    labelled: { rows: Uint32Array.from(world.labelled), classes: Int32Array.from(world.labelled, classOf) },
    pending: Uint32Array.from(world.pending),
    skipped: Uint32Array.from(world.skipped),
    probabilities: arrayMatrix(new Float64Array(N * K).fill(1 / K), N, K),
    state,
  };
}

async function round(world: World, state: JsonValue | undefined, n: number, options: object = {}, seed = "s") {
  const full = completeOptions(tailor, { arms: ARMS, ...options }, "options") as OptionValues;
  const picks = await tailor.select(contextOf(seed), poolOf(world, state), n, full);
  // Between rounds the state is JSON.
  return { picks, rows: [...picks.rows], state: JSON.parse(JSON.stringify(picks.state)) as StateView };
}

interface StateView {
  [name: string]: JsonValue;
}

const armOf = (state: StateView, id: string) =>
  (state.arms as unknown as Record<string, { a: number[]; b: number[]; totals: Record<string, number> }>)[id];
const historyOf = (state: StateView) => state.history as unknown as TailorRound[];

describe("the belief", () => {
  test("is credited with labels when they come, late ones without a second discount", async () => {
    const world: World = { labelled: [], pending: [], skipped: [] };
    const first = await round(world, undefined, 6, { pin: "finds-1" });
    expect(first.rows.every((row) => row % K === 1)).toBe(true);
    world.labelled = first.rows.slice(0, 2);
    world.pending = first.rows.slice(2);
    const second = await round(world, first.state, 3, { pin: "finds-0" });
    expect(armOf(second.state, "finds-1").a).toEqual([0.9, 2.9, 0.9]);
    expect(armOf(second.state, "finds-1").b).toEqual([2.9, 0.9, 2.9]);
    expect(armOf(second.state, "finds-2").a).toEqual([0.9, 0.9, 0.9]);
    // Two more answers of the first batch, none of the second: no discount.
    world.labelled.push(...first.rows.slice(2, 4));
    world.pending = [...first.rows.slice(4), ...second.rows];
    const third = await round(world, second.state, 3);
    expect(armOf(third.state, "finds-1").a).toEqual([0.9, 4.9, 0.9]);
    expect(armOf(third.state, "finds-2").a).toEqual([0.9, 0.9, 0.9]);
    // One answer of the second batch closes it.
    world.labelled.push(second.rows[0]);
    world.pending = [...first.rows.slice(4), ...second.rows.slice(1), ...third.rows];
    const fourth = await round(world, third.state, 3);
    expect(armOf(fourth.state, "finds-1").a[1]).toBeCloseTo(4.41, 12);
    expect(armOf(fourth.state, "finds-0").a[0]).toBeCloseTo(1.81, 12);
  });

  test("counts skipped rows and rows nobody was asked about, and learns nothing from them", async () => {
    const world: World = { labelled: [], pending: [], skipped: [] };
    const first = await round(world, undefined, 4, { pin: "finds-2" });
    world.skipped = first.rows.slice(0, 3);
    const second = await round(world, first.state, 1);
    expect(armOf(second.state, "finds-2").a).toEqual([1, 1, 1]);
    expect(armOf(second.state, "finds-2").totals).toMatchObject({ pulls: 4, credits: 0, skipped: 3, withdrawn: 1 });
    // The row was offered again in that very round; it counts for whoever nominated it then.
    expect((second.state.open as unknown as { rows: number[] }[]).flatMap((batch) => batch.rows)).toEqual(second.rows);
  });

  test("is forgotten when `reset` changes, and grows flat columns when the project gains classes", async () => {
    const world: World = { labelled: [], pending: [], skipped: [] };
    const first = await round(world, undefined, 3, { pin: "finds-1" });
    world.labelled = first.rows;
    const kept = await round(world, first.state, 1);
    const forgotten = await round(world, first.state, 1, { reset: 1 });
    expect(armOf(kept.state, "finds-1").a[1]).toBeCloseTo(3.9, 12);
    expect(armOf(forgotten.state, "finds-1").a).toEqual([1, 1, 1]);
    const wider: Pool = {
      ...poolOf(world, kept.state),
      nClasses: 4,
      probabilities: arrayMatrix(new Float64Array(N * 4).fill(0.25), N, 4),
    };
    const options = completeOptions(tailor, { arms: ARMS }, "options");
    const state = JSON.parse(JSON.stringify((await tailor.select(contextOf("s"), wider, 2, options)).state));
    expect(armOf(state, "finds-1").a[1]).toBeCloseTo(3.9, 12);
    expect(armOf(state, "finds-1").a[3]).toBe(1);
  });
});

test("learns which arm finds the class that is worth most", async () => {
  // One class in forty: row % 40 = 0 is what is looked for, and only one arm nominates such rows.
  const isRare = (row: number) => row % 40 === 0;
  const rareFinder: Strategy = {
    ...finderOf(0),
    id: "rare-finder",
    select: (context, pool, n, options) => {
      const all = finderOf(0).select(context, pool, pool.n, options) as Selection;
      const rows = [...all.rows].sort((a, b) => Number(isRare(b)) - Number(isRare(a)) || a - b).slice(0, n);
      return { ...all, rows: Uint32Array.from(rows) };
    },
  };
  const randomly: Strategy = {
    ...finderOf(1),
    id: "randomly",
    select: (context, pool, n, options) => {
      const all = finderOf(0).select(context, pool, pool.n, options) as Selection;
      const random = new KeyedRandom(context.seed, "shuffle");
      const rows = [...all.rows].sort((a, b) => random.uniform(a) - random.uniform(b)).slice(0, n);
      return { ...all, rows: Uint32Array.from(rows) };
    },
  };
  const meta = makeTailor([randomly, rareFinder]);
  const options = completeOptions(meta, { arms: ["randomly", "rare-finder"] }, "options");
  const labelled: number[] = [];
  let state: JsonValue | undefined;
  for (let i = 0; i < 6; i++) {
    const world = { labelled, pending: [], skipped: [] };
    const pool = { ...poolOf(world, state, (row) => (isRare(row) ? 1 : 0)), nClasses: 2 };
    const wide = { ...pool, probabilities: arrayMatrix(new Float64Array(N * 2).fill(0.5), N, 2) };
    const picks = await meta.select(contextOf(`round ${i}`), wide, 6, options);
    state = JSON.parse(JSON.stringify(picks.state));
    labelled.push(...picks.rows);
  }
  const history = historyOf(state as StateView);
  expect(history.map((entry) => entry.round)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(history[1].arms[1].best).toBeGreaterThan(0.85);
  expect(labelled.filter(isRare).length).toBeGreaterThanOrEqual(9);
});

describe("a round", () => {
  test("is replayed by its seed and state, and says why each row was chosen", async () => {
    const world: World = { labelled: [0, 1, 2, 3], pending: [], skipped: [] };
    const { picks, state } = await round(world, undefined, 12);
    const again = await round(world, undefined, 12);
    expect(again.picks).toEqual(picks);
    expect((await round(world, undefined, 12, {}, "other")).rows).not.toEqual([...picks.rows]);
    const [entry] = historyOf(state);
    expect(entry).toMatchObject({ asked: 12, labelled: 4, classCounts: [2, 1, 1], weights: [0.5, 1, 1] });
    expect(entry.arms.reduce((sum, arm) => sum + arm.pulls, 0)).toBe(12);
    expect(entry.arms.reduce((sum, arm) => sum + arm.drawn, 0)).toBeCloseTo(1, 9);
    picks.reasons.forEach(([reason], slot) => {
      if (reason.code !== "arm") throw new Error(reason.code);
      const arm = entry.arms.find(({ id }) => id === reason.arm)!;
      expect(reason.slot).toBe(slot);
      expect(reason.probability).toBeCloseTo(arm.drawn, 4);
      expect(reason.rank! >= 0 && reason.rank! < 12).toBe(true);
      expect(picks.scores[slot]).toBe(reason.reward);
    });
  });

  test("switched-off arms take no part and keep what was learned about them", async () => {
    const world: World = { labelled: [], pending: [], skipped: [] };
    const first = await round(world, undefined, 3, { pin: "finds-1" });
    world.labelled = first.rows;
    const second = await round(world, first.state, 5, { off: ["finds-1"] });
    expect(historyOf(second.state)[1].arms.map(({ id }) => id)).toEqual(["finds-0", "finds-2"]);
    expect(armOf(second.state, "finds-1").a[1]).toBeCloseTo(3.9, 12);
  });

  test.each([
    [{ arms: ["nothing"] }, "E_OPTIONS", "one of"],
    [{ arms: ["finds-0", "finds-0"] }, "E_OPTIONS", "each entry once"],
    [{ armOptions: { nothing: {} } }, "E_UNKNOWN_STRATEGY", 'no strategy "nothing"'],
    [{ armOptions: { "finds-0": { x: 1 } } }, "E_OPTIONS", "options.armOptions.finds-0.x"],
    [{ gamma: 2 }, "E_OPTIONS", "a number from 0 to 1"],
    [{ weights: ["a"] }, "E_OPTIONS", "options.weights[0]"],
  ])("refuses the options %j with their path", (options, code, message) => {
    expect(() => completeOptions(tailor, options, "options")).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("custom weights must be one per class; a foreign state is refused; no arm left is refused", async () => {
    const world: World = { labelled: [], pending: [], skipped: [] };
    await expect(round(world, undefined, 2, { objective: "custom", weights: [1] })).rejects.toThrow(
      "one weight for each",
    );
    await expect(round(world, { format: 7 }, 2)).rejects.toMatchObject({ code: "E_SPEC" });
    await expect(round(world, undefined, 2, { off: ARMS })).rejects.toThrow("No arm is left");
    const { state } = await round(world, undefined, 2, { objective: "custom", weights: [0, 5, -1] });
    expect(historyOf(state)[0].weights).toEqual([0, 5, -1]);
  });
});

test("the chance to be drawn is that of the largest draw, and the expected reward its mean", () => {
  const rule = { isMultiLabel: true, dirichletOffset: 0 };
  const [weak, strong] = [flatBelief(1), flatBelief(1)];
  // P(Beta(1, 1) < Beta(3, 1)) = 3 / 4.
  strong.a[0] = 3;
  const { chances, draws } = chancesOf(rule, [weak, strong], Float64Array.of(1), new KeyedRandom("c", "c"));
  expect(draws).toBe(1000);
  expect(Math.abs(chances[1] - 0.75)).toBeLessThan(0.055);
  expect(expectedReward(rule, strong, Float64Array.of(2))).toBeCloseTo(1.5, 12);
});

test("keeps its stored state small over hundreds of rounds, the newest rounds whole", async () => {
  const world: World = { labelled: [], pending: [], skipped: [] };
  let state: StateView | undefined;
  for (let i = 0; i < 390; i++) {
    const next = await round(world, state, 1, {}, `round ${i}`);
    state = next.state;
    world.labelled.push(...next.rows);
  }
  const history = historyOf(state!);
  expect(history.length).toBe(390);
  expect(history.at(-1)!.after).not.toBeNull();
  expect(history[0].after).toBeNull();
  expect(history[0].arms.length).toBe(3);
  expect(JSON.stringify(state).length).toBeLessThan(300_000);
});

test("is described for a dashboard: beliefs with intervals, yield, rounds, how settled it is", async () => {
  const world: World = { labelled: [], pending: [], skipped: [] };
  const first = await round(world, undefined, 10, { pin: "finds-1" });
  world.labelled = first.rows.slice(0, 8);
  world.skipped = first.rows.slice(8);
  const second = await round(world, first.state, 4, { off: ["finds-2"] });
  const view = describeTailor({ strategy: "tailor", state: second.state }, "single-label")!;
  expect(view.round).toBe(2);
  expect(view.waiting).toBe(4);
  expect(view.rounds.map((entry) => entry.labelled)).toEqual([0, 8]);
  const arm = view.arms.find(({ id }) => id === "finds-1")!;
  // Three flat counts of 0.9 and eight labels of class 1.
  expect(arm.classes[1].mean).toBeCloseTo(8.9 / 10.7, 12);
  expect(arm.classes[1].effective).toBeCloseTo(10.7, 12);
  expect(arm.classes[1].interval!.low).toBeGreaterThan(0.5);
  expect(arm.classes[1].interval!.low).toBeLessThan(arm.classes[1].mean);
  expect(arm.classes[1].interval!.high).toBeGreaterThan(arm.classes[1].mean);
  expect(arm.yieldPer100).toEqual([0, 100, 0]);
  expect(arm.totals).toMatchObject({ credits: 8, skipped: 2 });
  expect(view.arms.find(({ id }) => id === "finds-2")).toMatchObject({ isActive: false, best: 0, yieldPer100: null });
  expect(view.arms.reduce((sum, { best }) => sum + best, 0)).toBeCloseTo(1, 9);
  expect(view.settled).toBeGreaterThan(0);
  expect(view.settled).toBeLessThanOrEqual(1);
  expect(describeTailor(undefined, "single-label")).toBeNull();
  expect(describeTailor({ strategy: "albl", state: second.state }, "single-label")).toBeNull();
});
