import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PredictionMatrix, SelectionMethod } from "@/strategies";
import { labelsToReach, predictionMatrix, simulateSelection } from "@/strategies";
import type { SetEntry } from "./predictionFolder";
import { givenFolder, readIndex } from "./predictionFolder";

/**
 * Labels that each method needs to find the best model, on prediction matrices of published comparisons:
 * `npx tsx bench/evaluation/modelSelectorTable.ts FOLDER [--sets glue_rte,glue_sst2] [--methods model-selector,random]
 *  [--realisations 1000] [--first 0] [--out FOLDER]`.
 *
 * FOLDER holds index.json, <name>.pred.u8 (items × models bytes), <name>.labels.u8 and, to compare with,
 * curves/<name>.json. The data are not redistributable and not part of the project: without the folder the command says so
 * and ends well.
 */

type ReferenceCurves = Record<string, { identification: number[]; within_1pct: number[] }>;

const REFERENCE_NAMES: Record<string, string> = { "model-selector": "ms", margin: "marginfix" };
const METHODS = ["model-selector", "random", "entropy", "margin", "vma", "amc"] as const;
const SHARES = [0.9, 0.99, 1] as const;

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

const folder = givenFolder();
const realisations = Number(option("realisations") ?? 1000);
const wanted = option("sets")?.split(",");
const methods = (option("methods")?.split(",") ?? METHODS) as SelectionMethod[];
const index = readIndex(folder).filter((entry) => wanted === undefined || wanted.includes(entry.name));

function read(entry: SetEntry): { matrix: PredictionMatrix; labels: Uint8Array } {
  const matrix = predictionMatrix(
    readFileSync(join(folder, `${entry.name}.pred.u8`)),
    entry.n,
    entry.models,
    entry.classes,
  );
  return { matrix, labels: readFileSync(join(folder, `${entry.name}.labels.u8`)) };
}

/** Largest gap to the reference curve in its standard errors, and the share of points beyond three of them. */
function gapTo(
  reference: number[],
  curve: Float64Array,
  repetitions: number,
): { largest: number; beyondThree: number } {
  let largest = 0;
  let beyond = 0;
  for (let t = 0; t < curve.length; t++) {
    const p = Math.min(1 - 1 / repetitions, Math.max(1 / repetitions, (reference[t] + curve[t]) / 2));
    const gap = Math.abs(curve[t] - reference[t]) / Math.sqrt(p * (1 - p) * (1 / repetitions + 1 / 1000));
    largest = Math.max(largest, gap);
    if (gap > 3) beyond++;
  }
  return { largest: Number(largest.toFixed(2)), beyondThree: Number((beyond / curve.length).toFixed(3)) };
}

for (const entry of index) {
  const { matrix, labels } = read(entry);
  const path = join(folder, "curves", `${entry.name}.json`);
  const reference = existsSync(path)
    ? (JSON.parse(readFileSync(path, "utf8")) as { methods: ReferenceCurves }).methods
    : undefined;
  for (const method of methods) {
    const start = performance.now();
    const curves = simulateSelection({
      matrix,
      labels,
      method,
      epsilon: entry.paper_epsilon,
      realisations,
      poolSize: entry.paper_pool_size,
      budget: entry.paper_pool_size,
      seed: "table",
      firstRealisation: Number(option("first") ?? 0),
    });
    const known = reference?.[REFERENCE_NAMES[method] ?? method];
    const line = {
      set: entry.name,
      method,
      epsilon: entry.paper_epsilon,
      pool: entry.paper_pool_size,
      realisations,
      identification: SHARES.map((share) => labelsToReach(curves.identification, share)),
      nearBest: SHARES.map((share) => labelsToReach(curves.nearBest, share)),
      referenceIdentification: known && SHARES.map((share) => labelsToReach(known.identification, share)),
      referenceNearBest: known && SHARES.map((share) => labelsToReach(known.within_1pct, share)),
      gap: known && gapTo(known.identification, curves.identification, realisations),
      gapNear: known && gapTo(known.within_1pct, curves.nearBest, realisations),
      seconds: Math.round((performance.now() - start) / 1000),
    };
    console.log(JSON.stringify(line));
    const out = option("out");
    if (out !== undefined) {
      const file = join(out, `${entry.name}.${method}.json`);
      mkdirSync(dirname(file), { recursive: true });
      const lists = { identification: Array.from(curves.identification), nearBest: Array.from(curves.nearBest) };
      writeFileSync(file, JSON.stringify({ ...line, curves: lists }));
    }
  }
}
