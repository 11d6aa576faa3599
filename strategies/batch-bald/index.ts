import { disagreementScorer, POSTERIOR_DIFFERENCES } from "../core/disagreementStrategy";
import { rowsByKey } from "../core/itemKeys";
import { randomOf } from "../core/keyedRandom";
import {
  gatherPosterior,
  POSTERIOR_OPTIONS,
  posteriorCost,
  posteriorNeeds,
  posteriorSource,
} from "../core/posteriorSource";
import { numberOption } from "../core/resolveOptions";
import { scorePool } from "../core/scorePool";
import type { Notice, OptionValues, Pool, PoolDims, Reason, SelectContext, Selection, Strategy } from "../core/types";
import { greedyJoint } from "./jointEntropy";

const balds = disagreementScorer(() => "bald");

async function select(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  options: OptionValues,
): Promise<Selection> {
  const notices: Notice[] = [];
  const keep = Math.max(batchSize, numberOption(options, "maxCandidates"));
  const ranked = await scorePool(context, pool, await balds(context, pool, options), keep);
  // Ties at the cut to candidates decide no pick by themselves.
  notices.push(...ranked.notices.filter((notice) => notice.code !== "TIES_AT_CUT"));
  const scored = ranked.summary?.scored ?? ranked.rows.length;
  if (scored > ranked.rows.length) {
    notices.push({
      code: "CANDIDATES_TRUNCATED",
      level: "warning",
      from: scored,
      to: ranked.rows.length,
      rule: "utility",
      of: "candidates",
    });
  }
  const rows = rowsByKey(pool.keys, ranked.rows);
  const source = await posteriorSource(context, pool, options, notices);
  const configurations = numberOption(options, "configurations");
  const joint = greedyJoint(context.kernels, {
    q: await gatherPosterior(context, source, rows),
    samples: source.samples,
    nClasses: source.nClasses,
    batch: batchSize,
    exactMax: numberOption(options, "exactMax"),
    configurations,
    random: randomOf(context, "configurations"),
    checkAbort: () => context.checkAbort(),
    progress: (picks) => context.progress("joint", picks, batchSize),
  });
  if (joint.exact < joint.picks.length) {
    notices.push({ code: "JOINT_SAMPLED", level: "info", exact: joint.exact, configurations });
  }
  const information = joint.joint[joint.joint.length - 1] ?? 0;
  context.trace({ stage: "batch-bald", values: { information, exact: joint.exact, candidates: rows.length } });
  return {
    rows: Uint32Array.from(joint.picks, (i) => rows[i]),
    scores: Float64Array.from(joint.joint),
    utility: Float64Array.from(joint.gains),
    percentile: joint.picks.map(() => null),
    inclusion: joint.picks.map(() => null),
    reasons: joint.gains.map((gain): Reason[] => [
      { code: "information", criterion: "labels", gain, percentile: null },
    ]),
    notices,
    summary: ranked.summary,
  };
}

function cost(dims: PoolDims, options: OptionValues): { flops: number; bytes: number } {
  const source = posteriorCost(dims, options);
  const candidates = Math.min(dims.eligible, Math.max(dims.batchSize, numberOption(options, "maxCandidates")));
  const samples = numberOption(options, "samples");
  const c = Math.max(2, dims.nClasses);
  const combinations = Math.max(numberOption(options, "exactMax"), numberOption(options, "configurations"));
  return {
    flops: 2 * source.flops + 3 * dims.batchSize * combinations * samples * candidates * c,
    bytes:
      source.bytes +
      8 * candidates * samples * c +
      // The combinations before and after a pick, and those given to the kernels.
      24 * combinations * (samples + 2) +
      12 * (1 << 20) +
      8 * Math.max(64, candidates) * samples * c +
      256 * candidates +
      16 * 65536,
  };
}

export const batchBald: Strategy = {
  id: "batch-bald",
  version: 1,
  title: "BatchBALD",
  summary: "Builds the batch whose labels together would tell most about which model is right.",
  whenToUse: "Small batches, up to about twenty, of pools with many near copies.",
  whenNot: "Large batches or many classes: the joint information is then estimated from few label combinations.",
  taskKinds: ["single-label"],
  score: {
    name: "mutual information in nats of the model and the labels of the batch up to this pick",
    better: "higher",
  },
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      ...POSTERIOR_OPTIONS,
      // The batch can tell no more than ln(samples) about the models.
      samples: { ...POSTERIOR_OPTIONS.samples, default: 32 },
      maxCandidates: {
        type: "integer",
        title: "Candidates at most",
        description: "The batch is built of this many items of the highest BALD, which the result says.",
        minimum: 1,
        maximum: 100_000,
        default: 1_000,
      },
      exactMax: {
        type: "integer",
        title: "Label combinations held in full",
        description: "Joint entropies are exact while classes to the power of the picks stay within this number.",
        minimum: 1,
        maximum: 1_000_000,
        default: 1_000,
      },
      configurations: {
        type: "integer",
        title: "Label combinations drawn",
        description: "Beyond that, joint entropies are estimated on this many drawn combinations.",
        minimum: 100,
        maximum: 1_000_000,
        default: 500,
      },
    },
  },
  needs: posteriorNeeds,
  costFormula:
    "time O(n·d·samples·c + batch·combinations·samples·candidates·c); memory O(candidates·samples·c + combinations·samples)",
  cost,
  claims: { random: true, inclusion: false, embeddingInvariance: false },
  sources: [
    {
      authors: "Kirsch, van Amersfoort & Gal",
      year: 2019,
      title: "BatchBALD: efficient and diverse batch acquisition for deep Bayesian active learning",
      where: "NeurIPS",
    },
  ],
  differences: [
    POSTERIOR_DIFFERENCES[0],
    "Only the items of the highest BALD are candidates (`maxCandidates`); the paper searches the whole pool.",
    "Beyond `exactMax` combinations the entropy given drawn combinations is averaged, which needs no importance weights.",
    "Candidates whose gain before bounds them out are not computed again; the picks are the same.",
  ],
  select,
};
