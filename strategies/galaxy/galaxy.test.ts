import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bitmapFromRows } from "../core/bitmap";
import { ClassChooser, classOptionSchemas } from "../core/classChoice";
import type { ClassPath } from "../core/classPaths";
import { GONE, OPEN, pathRows } from "../core/classPaths";
import { KeyedRandom } from "../core/keyedRandom";
import { completeOptions, resolveOptions } from "../core/resolveOptions";
import { arrayMatrix } from "../core/rowMatrix";
import type { Pool } from "../core/types";
import { createReferenceKernels } from "../kernels";
import type { GalaxyVariant } from "./galaxyArm";
import { galaxyArm } from "./galaxyArm";
import { galaxy } from "./index";
import { marksOf, nominateOnLattice, nominateOnPath } from "./scanPath";

const vectors = JSON.parse(
  readFileSync(new URL("../../test/golden/classification/galaxy.json", import.meta.url), "utf8"),
);
const kernels = createReferenceKernels();
const nothing = () => undefined;
const context = { kernels, seed: "golden", scope: "golden", checkAbort: nothing, progress: nothing, trace: nothing };

function poolOf(labelled: readonly number[] = vectors.initial_labeled): Pool {
  const n = vectors.probs.length;
  const known = new Set(labelled);
  return {
    n,
    nClasses: 3,
    eligible: bitmapFromRows(
      n,
      Array.from({ length: n }, (_, row) => row).filter((row) => !known.has(row)),
    ),
    labelled: {
      rows: Uint32Array.from(labelled),
      classes: Int32Array.from(labelled, (row) => vectors.labels[row]),
    },
    probabilities: arrayMatrix(Float64Array.from(vectors.probs.flat()), n, 3),
  };
}

/** Nominations with the true label of every pick known at once, as in the recorded runs. */
async function revealed(variant: GalaxyVariant, classRule: string, k: number, n: number, classes?: readonly number[]) {
  const schema = { type: "object", additionalProperties: false, properties: classOptionSchemas("rarest") } as const;
  const pool = poolOf();
  const chooserOf = (rule: string, fixed: number) =>
    new ClassChooser(context, pool, resolveOptions(schema, { classRule: rule, class: fixed }, "options"));
  const own = chooserOf(classRule, k);
  let step = 0;
  const chooser =
    classes === undefined
      ? own
      : ({
          get current() {
            return classes[step];
          },
          place() {
            step++;
          },
        } as ClassChooser);
  const rows = pathRows(context, pool, 1000, 1000, "removed", []);
  // The recorded fallback walks a permutation of the descending path to its first open row.
  const permutations = [...vectors.labelbench_variant.fallback_permutations];
  const anywhere = (path: ClassPath) => {
    const walk: number[] = permutations.shift().map((at: number) => path.rows.length - 1 - at);
    return walk.find((position) => path.answers[position] === OPEN)!;
  };
  const answer = (row: number, classIndex: number) => (vectors.labels[row] === classIndex ? 1 : 0);
  const arm = galaxyArm(pool, rows, chooser, { variant, inFlight: "removed" }, anywhere, answer);
  const picks: number[] = [];
  for (let i = 0; i < n; i++) {
    const { row } = (await arm.nominate())!;
    picks.push(row);
    arm.take(row, true);
  }
  return { picks, atRandom: arm.atRandom };
}

describe("GALAXY against the released codes", () => {
  test.each([0, 1, 2])("the arm of TAILOR for class %i", async (k) => {
    const expected = vectors.tailor_variant_per_class_arm[k].selected;
    expect((await revealed("bisect", "fixed", k, expected.length)).picks).toEqual(expected);
  });

  test("LabelBench, with its class draws and its random fallback", async () => {
    const { selected, class_draws, fallback_permutations } = vectors.labelbench_variant;
    const { picks, atRandom } = await revealed("labelbench", "fixed", 0, selected.length, class_draws);
    expect(picks).toEqual(selected);
    expect(atRandom).toBe(fallback_permutations.length);
  });

  test("the original repository, classes in turn", async () => {
    const expected = vectors.original_repo_variant.map(({ pick }: { pick: number }) => pick);
    expect((await revealed("original", "roundRobin", 0, expected.length)).picks).toEqual(expected);
  });
});

/** The rule written down naively: all stretches, all pairs. */
function naive(answers: readonly number[]): number | null {
  const positions = [...answers.keys()].filter((i) => answers[i] !== GONE);
  const labelled = positions.filter((i) => answers[i] !== OPEN);
  let best: number[] | null = null;
  for (let i = 0; i + 1 < labelled.length; i++) {
    const between = positions.filter((p) => p > labelled[i] && p < labelled[i + 1]);
    if (between.length === 0 || answers[labelled[i]] === answers[labelled[i + 1]]) continue;
    if (best === null || between.length < best.length) best = between;
  }
  if (best !== null) return best[best.length >> 1];
  const place = new Map(positions.map((p, i) => [p, i]));
  let found: { at: number; distance: number } | null = null;
  for (let i = 0; i + 1 < positions.length; i++) {
    const [left, right] = [positions[i], positions[i + 1]];
    if (answers[left] !== 0 || answers[right] !== 1) continue;
    const open = positions.filter((p) => answers[p] === OPEN);
    const before = open.filter((p) => p < left).at(-1);
    const after = open.find((p) => p > right);
    for (const [at, from] of [
      [before, left],
      [after, right],
    ] as const) {
      if (at === undefined) continue;
      const distance = Math.abs(place.get(at)! - place.get(from)!);
      if (found === null || distance <= found.distance) found = { at, distance };
    }
  }
  return found?.at ?? null;
}

describe("a nomination on a path", () => {
  const random = new KeyedRandom("paths", "answers");
  const paths = Array.from({ length: 3000 }, (_, i) =>
    Int8Array.from({ length: 1 + (i % 14) }, (_unused, j) => [OPEN, OPEN, OPEN, 0, 1, GONE][random.below(6, j, i)]),
  );

  test("is the rule itself, on small paths of every kind", () => {
    for (const answers of paths)
      expect(nominateOnPath(answers, marksOf(answers), false)?.position ?? null).toBe(naive([...answers]));
  });

  test("names an open row, or nothing", () => {
    for (const answers of paths) {
      for (const pick of [
        nominateOnPath(answers, marksOf(answers), true),
        nominateOnLattice(answers, 1),
        nominateOnLattice(answers, 3),
      ]) {
        if (pick !== null) expect(answers[pick.position]).toBe(OPEN);
      }
    }
  });
});

describe("answers in flight", () => {
  const select = async (inFlight: string, n: number) => {
    const options = completeOptions(galaxy, { inFlight, classRule: "fixed", class: 2 }, "options");
    return galaxy.select(context, poolOf(), n, options);
  };

  test("predicted halves on, removed goes on beside the pick, stream waits for the answer", async () => {
    const [predicted, removed, stream] = [
      await select("predicted", 6),
      await select("removed", 6),
      await select("stream", 6),
    ];
    expect(new Set(predicted.rows).size).toBe(6);
    expect(new Set(removed.rows).size).toBe(6);
    expect(predicted.rows[0]).toBe(removed.rows[0]);
    expect([...predicted.rows]).not.toEqual([...removed.rows]);
    expect([...stream.rows]).toEqual([predicted.rows[0]]);
    expect(stream.notices).toEqual([{ code: "ONE_AT_A_TIME", level: "info", asked: 6 }]);
  });

  test("rows that are being labelled count as the rule says", async () => {
    const first = (await select("predicted", 1)).rows[0];
    const pool = poolOf();
    const eligible = bitmapFromRows(
      pool.n,
      Array.from({ length: pool.n }, (_, row) => row).filter(
        (row) => row !== first && !vectors.initial_labeled.includes(row),
      ),
    );
    const options = completeOptions(galaxy, { inFlight: "predicted", classRule: "fixed", class: 2 }, "options");
    const later = await galaxy.select(context, { ...pool, eligible, pending: Uint32Array.of(first) }, 5, options);
    expect([...later.rows]).toEqual([...(await select("predicted", 6)).rows].slice(1));
  });

  test("one call looks for the rarest class first and counts its own picks", async () => {
    const picks = await galaxy.select(context, poolOf([0, 1, 4, 5, 2, 3]), 9, completeOptions(galaxy, {}, "options"));
    const classes = picks.reasons.map(([reason]) => (reason.code === "classBoundary" ? reason.class : -1));
    // Labels so far: two of class 0, one of class 1, three of class 2.
    expect(classes.slice(0, 6)).toEqual([1, 0, 1, 0, 1, 2]);
  });

  test("without labels draws at random, and says so", async () => {
    const options = completeOptions(galaxy, { inFlight: "removed" }, "options");
    const picks = await galaxy.select(context, poolOf([]), 5, options);
    expect(picks.rows.length).toBe(5);
    expect(picks.notices).toEqual([{ code: "SERVED_AT_RANDOM", level: "fallback", count: 5, why: "noBoundary" }]);
    expect(picks.reasons.map(([reason]) => reason.code)).toEqual(Array(5).fill("random"));
  });

  test("says how many labels lie beyond the predictions and cannot guide it", async () => {
    const pool = poolOf([0, 1, 4, 23]);
    const probabilities = arrayMatrix(Float64Array.from(vectors.probs.slice(0, 23).flat()), 23, 3);
    const picks = await galaxy.select(context, { ...pool, probabilities }, 3, completeOptions(galaxy, {}, "options"));
    expect(picks.notices).toContainEqual({ code: "LABELLED_LEFT_OUT", level: "warning", count: 1 });
  });
});
