import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KeyedRandom } from "@/strategies";

/** Sets of the public 26-set comparison that package registries hold, and what the comparison printed for them. */
export interface PublicSet {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  /** n × d, as in the file. */
  readonly x: Float64Array;
  /** 0 or 1; 1 is the class named last in the order of first appearance. */
  readonly y: Int32Array;
}

export interface PublishedGain {
  readonly file: string;
  /** Area of margin (there: uncertainty with the model of the task, US-C) minus that of random. */
  readonly margin: number;
  /** The same of Core-Set. */
  readonly coreset: number;
}

/** Lu, Li & Lin, results/README.md of their repository at commit 198ce75. */
export const PUBLISHED: Readonly<Record<string, PublishedGain>> = {
  appendicitis: { file: "appendicitis/appendicitis.dat", margin: 0.0058, coreset: 0.0003 },
  haberman: { file: "haberman/haberman.dat", margin: -0.0014, coreset: -0.0041 },
  ionosphere: { file: "ionosphere/ionosphere.dat", margin: 0.012, coreset: -0.0046 },
  wdbc: { file: "wdbc/wdbc.dat", margin: 0.0113, coreset: 0.0047 },
  breast: { file: "wisconsin/wisconsin.dat", margin: 0.0016, coreset: 0.001 },
  diabetes: { file: "pima/pima.dat", margin: 0.0054, coreset: 0.0067 },
  mammographic: { file: "mammographic/mammographic.dat", margin: 0.0047, coreset: 0.0032 },
  german: { file: "german/german.data-numeric.txt", margin: 0.0077, coreset: 0.0025 },
};

/** @returns the set, or the sentence that says which file is missing. */
export function readPublicSet(folder: string, name: string): PublicSet | string {
  const known = PUBLISHED[name];
  if (known === undefined) throw new Error(`No set "${name}"; known: ${Object.keys(PUBLISHED).join(", ")}.`);
  const path = join(folder, known.file);
  if (!existsSync(path)) return `${name} is skipped: there is no ${path}.`;
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("@"));
  const cells = lines.map((line) => line.trim().split(line.includes(",") ? /\s*,\s*/ : /\s+/));
  const d = cells[0].length - 1;
  const classes = [...new Set(cells.map((row) => row[d]))];
  const x = Float64Array.from(cells.flatMap((row) => row.slice(0, d).map(Number)));
  if (classes.length !== 2 || x.some((value) => !Number.isFinite(value))) {
    throw new Error(`${path}: expected two classes in the last column and numbers before it.`);
  }
  return { name, n: cells.length, d, x, y: Int32Array.from(cells, (row) => classes.indexOf(row[d])) };
}

export interface PublicSplit {
  readonly test: readonly number[];
  readonly pool: readonly number[];
  /** Rows of `pool` that are labelled at the start; both classes are among them. */
  readonly initial: readonly number[];
}

/** Test rows are drawn class by class, so that their shares are those of the set; one split per seed for all strategies. */
export function stratifiedSplit(y: Int32Array, testShare: number, initial: number, seed: string): PublicSplit {
  const test: number[] = [];
  for (const c of new Set(y)) {
    const rows = shuffled(
      Array.from(y, (_, i) => i).filter((i) => y[i] === c),
      `${seed}/test/${c}`,
    );
    test.push(...rows.slice(0, Math.round(testShare * rows.length)));
  }
  const held = new Set(test);
  const pool = Array.from(y, (_, i) => i).filter((i) => !held.has(i));
  for (let attempt = 0; ; attempt++) {
    const rows = shuffled(pool, `${seed}/initial/${attempt}`).slice(0, initial);
    if (new Set(rows.map((row) => y[row])).size > 1) return { test: test.sort((a, b) => a - b), pool, initial: rows };
  }
}

function shuffled(rows: readonly number[], scope: string): number[] {
  const random = new KeyedRandom("public-comparison", scope);
  const draws = new Map(rows.map((row) => [row, random.uniform(row)]));
  return [...rows].sort((a, b) => draws.get(a)! - draws.get(b)!);
}

/** Every column with mean 0 and deviation 1 over the given rows; constant columns become 0. */
export function standardised(set: PublicSet, over: readonly number[]): Float64Array {
  const out = Float64Array.from(set.x);
  for (let j = 0; j < set.d; j++) {
    const values = over.map((row) => set.x[row * set.d + j]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    for (let i = 0; i < set.n; i++) {
      out[i * set.d + j] = deviation === 0 ? 0 : (set.x[i * set.d + j] - mean) / deviation;
    }
  }
  return out;
}

/** Area under a curve with equal steps, over its width: the mean of the trapezoids. */
export function areaUnderCurve(values: readonly number[]): number {
  const inner = values.slice(1, -1).reduce((sum, value) => sum + value, 0);
  return (inner + (values[0] + values[values.length - 1]) / 2) / (values.length - 1);
}
