import { designedSelection, embeddedCandidates, limitCandidates, withEmbedding } from "../core/embeddedCandidates";
import type { EmbeddingBlock } from "../core/embeddingBlock";
import { gatherEmbeddings, kernelFloats } from "../core/embeddingBlock";
import { rowsByKey } from "../core/itemKeys";
import { KeyedRandom } from "../core/keyedRandom";
import { kMeans } from "../core/kMeans";
import { knownRows } from "../core/knownRows";
import { booleanOption, numberOption } from "../core/resolveOptions";
import { sampleRows } from "../core/sampleRows";
import type { Designer, Notice, OptionValues, Pool, PoolDims, SelectContext, Strategy } from "../core/types";
import { gatherUnitRows } from "../core/unitRows";
import { ballGraph, purityRadius } from "./ballGraph";
import { coverGreedily } from "./coverGreedily";

/** Rows from which the radius is found; iterations of the k-means that gives them their pseudo-labels. */
const RADIUS_ROWS = 5_000;
const ITERATIONS_MAX = 25;

/** Where no two rows differ, only coinciding rows are near. */
const RADIUS_TINY = 1e-80;

/** Pseudo-labels of a project that has not declared its classes. */
const GROUPS_DEFAULT = 10;

const design: Designer = async (context, pool, candidates, batchSize, options) => {
  const { kernels } = context;
  const notices: Notice[] = [];
  const covered = withEmbedding(pool, candidates, notices);
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const open = limitCandidates(context, pool, covered, limit, notices);
  const known = knownRows(context, pool, numberOption(options, "maxLabelled"), notices);
  const rows = rowsByKey(pool.keys, Uint32Array.from([...open, ...known]));
  const knownSet = new Set(known);
  const mark = kernels.mark();
  try {
    const gather = booleanOption(options, "normalize") ? gatherUnitRows : gatherEmbeddings;
    const block = await gather(kernels, pool.embeddings!, rows);
    const asked = numberOption(options, "radius");
    const radius = asked > 0 ? asked : radiusOf(context, pool, block, options);
    const graph = ballGraph(context, block, radius);
    const isKnown = Uint8Array.from(rows, (row) => (knownSet.has(row) ? 1 : 0));
    const { picks, filled } = coverGreedily(graph, isKnown, batchSize);
    const coverage = picks.length === 0 ? 0 : picks[picks.length - 1].coverageAfter;
    context.trace({ stage: "probcover", values: { radius, coverage, filled } });
    if (filled > 0) {
      notices.push({ code: "FILLED", level: "fallback", count: filled, because: "covered", rule: "density" });
    }
    const scores = Float64Array.from(picks, (pick) => pick.newItems);
    return designedSelection(
      candidates,
      {
        rows: Uint32Array.from(picks, (pick) => rows[pick.index]),
        scores,
        utility: scores.slice(),
        percentile: picks.map(() => null),
        reasons: picks.map(({ newItems, coverageBefore, coverageAfter }) => ({
          code: "covers",
          newItems,
          radius,
          coverageBefore,
          coverageAfter,
        })),
      },
      notices,
    );
  } finally {
    kernels.release(mark);
  }
};

/** Radius by the purity rule, on at most 5,000 rows; any radius will do when no two rows differ. */
function radiusOf(context: SelectContext, pool: Pool, block: EmbeddingBlock, options: OptionValues): number {
  const { kernels } = context;
  // Streams of their own and not of the round: the radius belongs to the pool and must not jump from round to round.
  const chosen = new Set(sampleRows(block.rows, RADIUS_ROWS, pool.keys, new KeyedRandom("probcover", "radius")));
  const positions = Int32Array.from(Array.from(block.rows.keys()).filter((i) => chosen.has(block.rows[i])));
  const mark = kernels.mark();
  const x = kernelFloats(kernels, positions.length * block.d);
  kernels.gatherRows({ x: block.x, d: block.d, rows: positions, out: x });
  const norms = Float32Array.from(positions, (i) => block.norms[i]);
  const rows = { x, norms, n: positions.length, d: block.d };
  const asked = numberOption(options, "groups");
  const groups = asked > 0 ? asked : pool.nClasses > 0 ? pool.nClasses : GROUPS_DEFAULT;
  const { assignment } = kMeans(kernels, {
    ...rows,
    k: Math.min(rows.n, Math.max(2, groups)),
    maxIterations: ITERATIONS_MAX,
    random: new KeyedRandom("probcover", "groups"),
    checkAbort: () => context.checkAbort(),
  });
  const radius = purityRadius(context, rows, assignment, numberOption(options, "purity"));
  kernels.release(mark);
  return radius === null || radius === 0 ? RADIUS_TINY : radius;
}

export const probcover: Strategy = {
  id: "probcover",
  version: 1,
  title: "ProbCover",
  summary: "Picks the items with the most items near them that nothing labelled or picked is near to yet.",
  whenToUse: "The first labels of a project, with good embeddings and few places per class.",
  whenNot: "Once most of the pool is covered: it then only repeats itself in dense regions.",
  taskKinds: ["single-label", "multi-label", "regression"],
  score: { name: "items newly covered", better: "higher" },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      radius: {
        type: "number",
        title: "Radius",
        description: "Items nearer than this are covered; 0 finds the radius by the purity rule.",
        minimum: 0,
        maximum: 1e9,
        default: 0,
      },
      purity: {
        type: "number",
        title: "Purity",
        description:
          "Share of items within whose radius all others must be of one group: the largest such radius is used.",
        minimum: 0.5,
        maximum: 1,
        default: 0.95,
      },
      groups: {
        type: "integer",
        title: "Groups",
        description: "Groups of k-means that stand for the classes in the purity rule; 0 takes the number of classes.",
        minimum: 0,
        maximum: 1_000,
        default: 0,
      },
      normalize: {
        type: "boolean",
        title: "Normalise",
        description: "Scale the embeddings to length 1 first, so that the distance follows the angle.",
        default: true,
      },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "A larger pool is cut to a random subset of this size first, which the result says.",
        minimum: 1,
        maximum: 100_000,
        default: 10_000,
      },
      maxLabelled: {
        type: "integer",
        title: "Labelled items at most",
        description: "Of more labelled or pending items a random subset of this size takes part.",
        minimum: 1,
        maximum: 100_000,
        default: 5_000,
      },
    },
  },
  needs: () => ({ arrays: ["embeddings", "labels"] }),
  costFormula: "time O((candidates + labelled)²·d); memory O((candidates + labelled)²/8 bytes + candidates·d)",
  cost: (dims, options) => cost(dims, options),
  claims: { random: false, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Yehuda, Dekel, Hacohen & Weinshall",
      year: 2022,
      title: "Active learning through a covering lens",
      where: "NeurIPS",
    },
  ],
  differences: [
    "Every row is in the graph; the released code leaves out the last block of fewer than 500.",
    "When everything is covered, the rest covers the unpicked items once more, with a notice; the released code then returns the first position, labelled or not.",
    "The purity rule is solved exactly: the radius is a quantile of the distances to the nearest item of another group.",
    "Items whose answers are pending count as labelled.",
  ],
  select: (context, pool, batchSize, options) => design(context, pool, embeddedCandidates(pool), batchSize, options),
  design,
};

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const open = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const n = open + Math.min(dims.labelled, numberOption(options, "maxLabelled"));
  const sample = Math.min(n, RADIUS_ROWS);
  const asked = numberOption(options, "groups");
  const groups = Math.max(2, asked > 0 ? asked : dims.nClasses > 0 ? dims.nClasses : GROUPS_DEFAULT);
  const d = dims.embeddingDim;
  return {
    flops: n * n * d + sample * sample * d + 2 * sample * groups * d * ITERATIONS_MAX,
    bytes:
      (n * n) / 8 +
      4 * n * (d + 40) +
      4 * sample * (d + 32) +
      8 * Math.min(8192, n) * d +
      20 * groups * d +
      4 * 1024 * (512 + groups) +
      24 * dims.eligible,
  };
}
