import type { ArmStream, Nomination } from "../core/arms";
import type { ClassChooser } from "../core/classChoice";
import type { ClassPath, InFlightRule, PathRows } from "../core/classPaths";
import { classPath, GONE, OPEN } from "../core/classPaths";
import { keyHi, keyLo } from "../core/itemKeys";
import type { KeyedRandom } from "../core/keyedRandom";
import type { Pool, Reason } from "../core/types";
import type { PathPick } from "./scanPath";
import { addMark, marksOf, nominateOnLattice, nominateOnPath } from "./scanPath";

export type GalaxyVariant = "bisect" | "labelbench" | "original";

export interface GalaxyRules {
  readonly variant: GalaxyVariant;
  /** `stream`: nothing more is nominated until the answer of the own pick has come. */
  readonly inFlight: InFlightRule | "stream";
}

export interface GalaxyArm extends ArmStream {
  /** Picks made where no two neighbouring labels differ: these were drawn at random. */
  readonly atRandom: number;
}

interface MarkedPath extends ClassPath {
  /** Positions that are not open, ascending. */
  readonly marks: number[];
}

/**
 * GALAXY as an arm: per class a path of all rows, on which the labels' boundary is bisected.
 *
 * @param anywhere position of an open row to take where no two labels differ; −1 when there is none.
 * @param answerOf replaces the in-flight rule where the answer of a picked row is known at once, as in simulations.
 */
export function galaxyArm(
  pool: Pool,
  from: PathRows,
  chooser: ClassChooser,
  rules: GalaxyRules,
  anywhere: (path: ClassPath, place: number) => number,
  answerOf?: (row: number, classIndex: number) => number,
): GalaxyArm {
  const paths = new Map<number, MarkedPath>();
  const taken: number[] = [];
  const ranks = new Map<number, number>();
  let order = 1;
  let isWaiting = false;
  let atRandom = 0;
  let cached: { readonly nomination: Nomination | null; readonly isRandom: boolean } | undefined;

  const settle = (path: MarkedPath, row: number) => {
    const position = path.positionOf(row);
    if (position < 0 || path.answers[position] !== OPEN) return;
    path.answers[position] = answerOf !== undefined ? answerOf(row, path.class) : inFlightAnswer(path, position);
    addMark(path.marks, position);
  };
  const inFlightAnswer = (path: ClassPath, position: number): number => {
    if (rules.inFlight === "removed") return GONE;
    return path.predicted[position];
  };
  const pathOf = async (classIndex: number): Promise<MarkedPath> => {
    let path = paths.get(classIndex);
    if (path === undefined) {
      const fresh = await classPath(pool, from, classIndex);
      path = { ...fresh, marks: marksOf(fresh.answers) };
      for (const row of taken) settle(path, row);
      paths.set(classIndex, path);
    }
    return path;
  };
  const find = (path: MarkedPath): PathPick | null => {
    if (rules.variant !== "original") {
      return nominateOnPath(path.answers, path.marks, rules.variant === "labelbench");
    }
    const found = nominateOnLattice(path.answers, order);
    if (found !== null || order >= path.rows.length) return found;
    // No cut is left: edges one place longer, once per nomination.
    return nominateOnLattice(path.answers, ++order);
  };
  return {
    get atRandom() {
      return atRandom;
    },
    async nominate() {
      if (isWaiting) return null;
      if (cached === undefined) {
        const path = await pathOf(chooser.current);
        const pick = find(path);
        cached = {
          nomination: pick === null ? nominationAnywhere(path, anywhere(path, taken.length)) : nominationOf(path, pick),
          isRandom: pick === null,
        };
      }
      return cached.nomination;
    },
    take(row, isOwn) {
      if (isOwn) {
        if (cached?.isRandom) atRandom++;
        ranks.set(row, ranks.size);
        chooser.place();
        isWaiting = rules.inFlight === "stream";
      }
      taken.push(row);
      cached = undefined;
      for (const path of paths.values()) settle(path, row);
    },
    /** Among its own picks of this batch. */
    rankOf: (row) => ranks.get(row) ?? null,
  };
}

function nominationOf(path: ClassPath, pick: PathPick): Nomination {
  const reason: Reason = { code: "classBoundary", class: path.class, gap: pick.gap, rule: pick.rule };
  return {
    row: path.rows[pick.position],
    score: pick.gap,
    utility: 1 / (1 + pick.gap),
    percentile: null,
    reasons: [reason],
  };
}

function nominationAnywhere(path: ClassPath, position: number): Nomination | null {
  if (position < 0) return null;
  const gap = path.rows.length;
  const row = path.rows[position];
  return { row, score: gap, utility: 1 / (1 + gap), percentile: null, reasons: [{ code: "random" }] };
}

/** Position of the open row with the lowest draw of a place; −1 when none is open. */
export function drawOpenRow(pool: Pool, random: KeyedRandom): (path: ClassPath, place: number) => number {
  return (path, place) => {
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < path.rows.length; i++) {
      if (path.answers[i] !== OPEN) continue;
      const row = path.rows[i];
      // The place is mixed into the counter, so that no two places share their draws.
      const draw = random.uniform(keyLo(pool.keys, row) ^ Math.imul(place + 1, 0x9e3779b1), keyHi(pool.keys, row));
      if (draw < lowest) {
        lowest = draw;
        best = i;
      }
    }
    return best;
  };
}
