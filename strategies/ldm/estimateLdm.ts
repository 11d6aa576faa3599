import { embeddedCandidates } from "../core/embeddedCandidates";
import { kernelFloats } from "../core/embeddingBlock";
import { forEachRowBlock, ROW_BLOCK } from "../core/forEachRowBlock";
import { compareKeys } from "../core/itemKeys";
import { fillNormals } from "../core/keyedNormals";
import { randomOf } from "../core/keyedRandom";
import type { LinearModel } from "../core/linearModel";
import { forEachChunk, kernelCopy, linearModel } from "../core/linearModel";
import { booleanOption, numberOption, textOption } from "../core/resolveOptions";
import { truncateAtRandom } from "../core/sampleRows";
import { TopK } from "../core/topK";
import type { Notice, OptionValues, Pool, SelectContext } from "../core/types";
import { fillRowGaps, rowGaps } from "./flipRates";
import type { Rays } from "./rays";
import { makeRays, raysBytes, scoreRays } from "./rays";
import { referenceRows } from "./referenceRows";
import { publishedSizes, searchScales, weightScale } from "./scales";

/** Bytes that rays may hold; with more, fewer directions are drawn and the result says so. */
export const RAYS_BYTES_MAX = 512 * 2 ** 20;

/** Share of rows whose label never changed from which a warning is given. */
const NEVER_CHANGED_SHARE = 0.2;

/** The candidates with their LDM, in the order of serving: LDM, then margin (unless asked otherwise), then key. */
export interface LdmEstimate {
  readonly rows: Uint32Array;
  /** LDM, a multiple of 1 / nReference; 1 where no perturbation changed the label. */
  readonly ldm: Float64Array;
  readonly margins: Float64Array;
  readonly isTiedByMargin: boolean;
  readonly nReference: number;
  readonly hypotheses: number;
  readonly facts: Readonly<Record<string, number>>;
  readonly notices: readonly Notice[];
}

interface Least {
  readonly rows: Uint32Array;
  readonly counts: Int32Array;
  readonly margins: Float64Array;
  readonly nReference: number;
  readonly hypotheses: number;
  readonly facts: Readonly<Record<string, number>>;
}

/** Estimates the LDM of the pool's candidates; see the options of the strategy. */
export async function estimateLdm(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<LdmEstimate> {
  const model = linearModel(pool);
  const { rows: all, notices: found } = embeddedCandidates(pool);
  const notices: Notice[] = [...found];
  const rows = await limitRows(context, pool, model, all, batchSize, options, notices);
  const reference =
    rows.length === 0 ? new Float32Array(0) : await referenceRows(pool, numberOption(options, "reference"));
  const least =
    textOption(options, "search") === "scales"
      ? await leastByScales(context, pool, model, rows, reference, options, notices)
      : await leastByRays(context, pool, model, rows, reference, options, notices);
  const estimate = ordered(pool, least, textOption(options, "ties") === "margin", notices);
  context.trace({ stage: "ldm", values: estimate.facts });
  return estimate;
}

/** Cuts the candidates by margin or at random; says so. */
async function limitRows(
  context: SelectContext,
  pool: Pool,
  model: LinearModel,
  rows: Uint32Array,
  batchSize: number,
  options: OptionValues,
  notices: Notice[],
): Promise<Uint32Array> {
  const limit = Math.max(batchSize, numberOption(options, "maxCandidates"));
  if (rows.length <= limit) return rows;
  if (textOption(options, "prefilter") === "random") {
    const random = randomOf(context, "candidate-subset");
    return truncateAtRandom(rows, limit, "candidates", pool.keys, random, notices).sort();
  }
  const top = new TopK(limit, pool.keys);
  await forEachRowBlock(context, pool, rows, (values, start, end) => {
    const margins = marginsOf(context, model, values, end - start);
    for (let i = start; i < end; i++) top.push(rows[i], -margins[i - start]);
  });
  notices.push({
    code: "CANDIDATES_TRUNCATED",
    level: "warning",
    from: rows.length,
    to: limit,
    rule: "utility",
    of: "candidates",
  });
  return top.finish().rows.sort();
}

function marginsOf(context: SelectContext, model: LinearModel, values: Float32Array, n: number): Float64Array {
  const gaps = rowGaps(n, model.c);
  forEachChunk(context.kernels, values, n, model.d, (x, start, rows) => {
    fillRowGaps(context.kernels, model, x, rows, gaps, start);
  });
  return gaps.margins;
}

async function leastByRays(
  context: SelectContext,
  pool: Pool,
  model: LinearModel,
  rows: Uint32Array,
  reference: Float32Array,
  options: OptionValues,
  notices: Notice[],
): Promise<Least> {
  const rays = raysOf(context, model, reference, options, notices);
  const counts = new Int32Array(rows.length);
  const margins = new Float64Array(rows.length);
  await forEachRowBlock(context, pool, rows, (values, start, end) => {
    const least = scoreRays(context.kernels, rays, values, end - start, () => context.checkAbort());
    counts.set(least.counts, start);
    margins.set(least.margins, start);
  });
  const hypotheses = 2 * rays.draws;
  return { rows, counts, margins, nReference: rays.nReference, hypotheses, facts: {} };
}

/** Rays for a model, as many as asked for and as memory holds. */
export function raysOf(
  context: SelectContext,
  model: LinearModel,
  reference: Float32Array,
  options: OptionValues,
  notices: Notice[],
): Rays {
  const collapsed = collapsedModel(model);
  const asked = Math.ceil(numberOption(options, "directions") / 2);
  const bytesEach = raysBytes(collapsed, 1, reference.length / model.d);
  const draws = Math.min(asked, Math.max(1, Math.floor(RAYS_BYTES_MAX / Math.max(1, bytesEach))));
  if (draws < asked) {
    notices.push({ code: "HYPOTHESES_CAPPED", level: "warning", used: 2 * draws, asked: 2 * asked, by: "memory" });
  }
  return makeRays(context.kernels, collapsed, reference, {
    draws,
    perturbBias: booleanOption(options, "perturbBias"),
    random: randomOf(context, "directions"),
    checkAbort: () => context.checkAbort(),
  });
}

/** Two logits decide by the sign of their difference: the same rates from half the products. */
function collapsedModel(model: LinearModel): LinearModel {
  if (model.kind === "sign" || model.c !== 2) return model;
  const weights = Float32Array.from({ length: model.d }, (_, j) => model.weights[2 * j + 1] - model.weights[2 * j]);
  return { kind: "sign", d: model.d, c: 1, weights, bias: Float32Array.of(model.bias[1] - model.bias[0]) };
}

async function leastByScales(
  context: SelectContext,
  pool: Pool,
  model: LinearModel,
  rows: Uint32Array,
  reference: Float32Array,
  options: OptionValues,
  notices: Notice[],
): Promise<Least> {
  const { kernels } = context;
  const margins = new Float64Array(rows.length);
  await forEachRowBlock(context, pool, rows, (values, start, end) => {
    margins.set(marginsOf(context, model, values, end - start), start);
  });
  // Equal margins go by key, so that the order, and with it the sums' order, does not depend on positions.
  const order = Array.from(rows, (_, i) => i).sort(
    (a, b) => margins[a] - margins[b] || compareKeys(pool.keys, rows[a], rows[b]),
  );
  const sorted = Uint32Array.from(order, (i) => rows[i]);
  const mark = kernels.mark();
  try {
    const x = kernelFloats(kernels, rows.length * model.d);
    await forEachRowBlock(context, pool, sorted, (values, start) => x.set(values, start * model.d));
    const unit = booleanOption(options, "relativeSizes") ? weightScale(model) || 1 : 1;
    const random = randomOf(context, "hypotheses");
    const sizes = publishedSizes().map((size) => size * unit);
    const asked = numberOption(options, "maxHypotheses");
    const result = searchScales(kernels, model, x, kernelCopy(kernels, reference), {
      sizes,
      stop: numberOption(options, "stop"),
      maxHypotheses: asked,
      atOnce: numberOption(options, "atOnce"),
      perturbBias: booleanOption(options, "perturbBias"),
      draw: (hypothesis, out) => fillNormals(random, hypothesis, out),
      checkAbort: () => context.checkAbort(),
      progress: (done) => context.progress("sizes", done, sizes.length),
    });
    if (result.isCapped) {
      notices.push({ code: "HYPOTHESES_CAPPED", level: "warning", used: result.hypotheses, asked, by: "option" });
    }
    return {
      rows: sorted,
      counts: result.counts,
      margins: Float64Array.from(order, (i) => margins[i]),
      nReference: reference.length / model.d,
      hypotheses: result.hypotheses,
      facts: { sizes: result.perSize.length, leastSize: sizes[0], largestSize: sizes[result.perSize.length - 1] ?? 0 },
    };
  } finally {
    kernels.release(mark);
  }
}

function ordered(pool: Pool, least: Least, isTiedByMargin: boolean, notices: Notice[]): LdmEstimate {
  const { rows, counts, margins, nReference, hypotheses } = least;
  const order = Array.from(rows, (_, i) => i).sort(
    (a, b) =>
      counts[a] - counts[b] ||
      (isTiedByMargin ? margins[a] - margins[b] : 0) ||
      compareKeys(pool.keys, rows[a], rows[b]),
  );
  const n = rows.length;
  const ldm = Float64Array.from(order, (i) => counts[i] / nReference);
  const never = ldm.reduce((sum, value) => sum + (value === 1 ? 1 : 0), 0);
  const zero = ldm.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
  if (never > NEVER_CHANGED_SHARE * n) {
    notices.push({ code: "LABELS_NEVER_CHANGED", level: "warning", count: never, scored: n });
  }
  return {
    rows: Uint32Array.from(order, (i) => rows[i]),
    ldm,
    margins: Float64Array.from(order, (i) => margins[i]),
    isTiedByMargin,
    nReference,
    hypotheses,
    notices,
    facts: {
      ...least.facts,
      hypotheses,
      reference: nReference,
      candidates: n,
      shareAtZero: n === 0 ? 0 : zero / n,
      shareAtOne: n === 0 ? 0 : never / n,
      median: n === 0 ? 0 : ldm[n >>> 1],
      distinct: ldm.reduce((sum, value, i) => sum + (i === 0 || value !== ldm[i - 1] ? 1 : 0), 0),
    },
  };
}

/** What an estimate holds at most, in bytes. */
export function estimateBytes(
  dims: { readonly eligible: number; readonly d: number; readonly c: number },
  options: OptionValues,
  isSign: boolean,
): number {
  const { eligible, d, c } = dims;
  const candidates = Math.min(eligible, numberOption(options, "maxCandidates"));
  const reference = numberOption(options, "reference");
  const model = { kind: isSign ? ("sign" as const) : ("argmax" as const), d, c };
  const draws = Math.ceil(numberOption(options, "directions") / 2);
  const searching =
    textOption(options, "search") === "scales"
      ? 4 * (candidates + reference) * (d + 2 * c + 4) + 4 * numberOption(options, "atOnce") * c * (d + 512)
      : Math.min(RAYS_BYTES_MAX, raysBytes(model, draws, reference)) * 2 + 4 * 512 * (Math.max(c, 1280) + d + 4 * c);
  return searching + 4 * ROW_BLOCK * (d + 4 * c) + 4 * reference * (d + c) + 64 * candidates + 24 * eligible;
}
