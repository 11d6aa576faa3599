import { hasBit } from "../core/bitmap";
import { boundaryDistances, exactLogits, forEachLogits, NO_BOUNDARY, weightGaps } from "../core/boundaryDistances";
import { embeddedCandidates } from "../core/embeddedCandidates";
import { compareKeys } from "../core/itemKeys";
import type { LinearModel } from "../core/linearModel";
import { linearModel, nClassesOf } from "../core/linearModel";
import { booleanOption } from "../core/resolveOptions";
import { blocksOf, gatherRows, readView } from "../core/rowMatrix";
import { embeddingInput } from "../core/scoreInputs";
import { ScoreTally } from "../core/scoreTally";
import { TopK } from "../core/topK";
import type { Notice, Pool, Reason, SelectContext, Selection, Strategy } from "../core/types";

/** Rows kept per class beyond the batch while distances are float32, before they are ranked in float64. */
const SLACK = 256;

/** Rows whose exact distances are computed at a time. */
const EXACT_ROWS = 1024;

/** What the strategy knows of the head for one run. */
interface Boundaries {
  readonly model: LinearModel;
  readonly gaps: Float64Array;
  readonly nClasses: number;
}

interface RankedRow {
  readonly row: number;
  readonly distance: number;
  readonly between: readonly [number, number] | null;
}

/**
 * How many picks each class gets.
 *
 * @param start first class: floor(batch / nClasses) each, and one more for the first batch mod nClasses from `start` on.
 */
export function classQuotas(batch: number, nClasses: number, start: number): Uint32Array {
  const quotas = new Uint32Array(nClasses).fill(Math.floor(batch / nClasses));
  for (let i = 0; i < batch % nClasses; i++) quotas[(start + i) % nClasses]++;
  return quotas;
}

async function select(context: SelectContext, pool: Pool, batchSize: number, rotates: boolean): Promise<Selection> {
  const { rows: candidates, notices: found } = embeddedCandidates(pool);
  const notices: Notice[] = [...found];
  const model = linearModel(pool);
  const head: Boundaries = {
    model,
    gaps: weightGaps(model),
    nClasses: nClassesOf(model, pool.taskKind === "multi-label"),
  };
  const wanted = Math.min(batchSize, candidates.length);
  // Every round goes on where the one before stopped, as far as its labels have come in.
  const start = rotates && batchSize < head.nClasses ? pool.labelled.rows.length % head.nClasses : 0;
  const quotas = classQuotas(wanted, head.nClasses, start);
  const { tops, tally } = await nearestByClass(context, pool, head, wanted);
  const picks: (RankedRow & { readonly served: number })[] = [];
  const taken = new Set<number>();
  for (let i = 0; i < head.nClasses; i++) {
    const served = (start + i) % head.nClasses;
    if (quotas[served] === 0) continue;
    context.checkAbort();
    let left = quotas[served];
    for (const ranked of await rankExactly(pool, head, served, tops[served])) {
      if (left === 0) break;
      if (taken.has(ranked.row)) continue;
      taken.add(ranked.row);
      picks.push({ ...ranked, served });
      left--;
    }
  }
  const far = picks.filter((pick) => pick.distance === NO_BOUNDARY).length;
  if (far > 0) notices.push({ code: "NO_BOUNDARY", level: "fallback", count: far });
  return {
    rows: Uint32Array.from(picks, (pick) => pick.row),
    scores: Float64Array.from(picks, (pick) => pick.distance),
    utility: Float64Array.from(picks, (pick) => -pick.distance),
    percentile: picks.map(() => null),
    inclusion: picks.map(() => null),
    reasons: picks.map((pick): Reason[] => [
      {
        code: "nearBoundary",
        distance: pick.distance === NO_BOUNDARY ? null : pick.distance,
        between: pick.between,
        percentile: null,
      },
    ]),
    notices,
    summary: tally.summary("base"),
  };
}

/** One streaming pass: per class the rows nearest to its boundary, and the distribution of the smallest distance. */
async function nearestByClass(
  context: SelectContext,
  pool: Pool,
  { model, gaps, nClasses }: Boundaries,
  batch: number,
): Promise<{ tops: Uint32Array[]; tally: ScoreTally }> {
  const { matrix, check } = embeddingInput(pool);
  const keep = batch + (matrix.dtype === "f64" ? 0 : SLACK);
  const tops = Array.from({ length: nClasses }, () => new TopK(Math.min(keep, pool.n), pool.keys));
  const tally = new ScoreTally(null);
  const distances = new Float64Array(nClasses);
  for (const block of blocksOf(matrix)) {
    context.checkAbort();
    const values = await readView(matrix, block.start, block.end);
    const n = block.end - block.start;
    for (let i = 0; i < n; i++) {
      if (hasBit(pool.eligible, block.start + i)) check(values, i, matrix.dim, block.start + i);
    }
    forEachLogits(context.kernels, model, values, n, (i, logits, at) => {
      const row = block.start + i;
      if (!hasBit(pool.eligible, row)) return;
      boundaryDistances(model, gaps, logits, at, distances);
      let least = NO_BOUNDARY;
      for (let c = 0; c < nClasses; c++) {
        tops[c].push(row, -distances[c]);
        if (distances[c] < least) least = distances[c];
      }
      if (least < NO_BOUNDARY) tally.add(least);
    });
    context.progress("distances", block.end, matrix.n);
  }
  return { tops: tops.map((top) => top.finish().rows), tally };
}

/** The rows by their float64 distance to the boundary of one class; ties by key. */
async function rankExactly(
  pool: Pool,
  { model, gaps, nClasses }: Boundaries,
  served: number,
  rows: Uint32Array,
): Promise<RankedRow[]> {
  const { matrix } = embeddingInput(pool);
  const logits = new Float64Array(model.c);
  const distances = new Float64Array(nClasses);
  const ranked: RankedRow[] = [];
  for (let start = 0; start < rows.length; start += EXACT_ROWS) {
    const part = rows.subarray(start, Math.min(rows.length, start + EXACT_ROWS));
    const values = new Float64Array(part.length * model.d);
    await gatherRows(matrix, part, values);
    for (let i = 0; i < part.length; i++) {
      exactLogits(model, values, i * model.d, logits);
      const [predicted, nearest] = boundaryDistances(model, gaps, logits, 0, distances);
      const other = model.kind === "sign" && nClasses === model.c ? -1 : predicted === served ? nearest : predicted;
      const hasBoundary = distances[served] < NO_BOUNDARY && other >= 0;
      ranked.push({ row: part[i], distance: distances[served], between: hasBoundary ? [served, other] : null });
    }
  }
  return ranked.sort((a, b) => a.distance - b.distance || compareKeys(pool.keys, a.row, b.row));
}

export const base: Strategy = {
  id: "base",
  version: 1,
  title: "BASE (balanced selection at the boundaries)",
  summary: "Gives every class the same share of the batch: the items nearest to that class's boundary.",
  whenToUse: "Imbalanced classes with a trained linear head: rare classes get their places at every round.",
  whenNot: "Very many classes and small batches: most classes then get no place in a round.",
  taskKinds: ["single-label", "multi-label"],
  score: {
    name: "euclidean distance of the embedding to the boundary of the class it was picked for",
    better: "lower",
  },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      rotate: {
        type: "boolean",
        title: "Rotate the classes",
        description:
          "With more classes than places, start at the class after the last one served; otherwise always at the first.",
        default: true,
      },
    },
  },
  needs: () => ({ arrays: ["embeddings", "head", "labels"] }),
  costFormula: "time O(n·d·c + batch·d·c²); memory O(batch·c + block)",
  cost: ({ eligible, nClasses, embeddingDim: d, batchSize }) => {
    const c = Math.max(2, nClasses);
    const kept = Math.min(eligible, batchSize + SLACK);
    return {
      flops: 2 * eligible * d * c + 2 * kept * d * c ** 2,
      bytes:
        c * (16 * (2 * kept + 1024) + 24 * kept) +
        200 * kept +
        8 * EXACT_ROWS * d +
        4 * (512 + d) * (d + Math.max(8, c)) +
        8 * c ** 2 +
        12 * eligible,
    };
  },
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Emam, Chu, Chiang, Czaja, Leapman, Goldblum & Goldstein",
      year: 2021,
      title: "Active learning at the ImageNet scale",
      where: "arXiv:2111.12880",
    },
  ],
  differences: [
    "Classes with equal weights have no boundary between them: the distance counts as infinite; the released code divides by 0.",
    "With fewer places than classes the first class moves on with the labels; `rotate: false` always serves the first classes.",
    "Multi-label projects: the boundary of each class by itself.",
  ],
  select: (context, pool, batchSize, options) => select(context, pool, batchSize, booleanOption(options, "rotate")),
};
