import type { ManifestMatrix, RoundManifest } from "@/contracts/manifest";
import { MANIFEST_FORMAT, roundManifest } from "@/contracts/manifest";
import type { MatrixRef, SelectedRound, StoredHead } from "../compute";
import { parseShardKey } from "../compute";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";
import { CODE_VERSION } from "../training";
import type { PoolSnapshot, StoredSnapshot } from "./snapshotPool";
import { countEligible, coveredRows } from "./snapshotPool";
import type { RoundPlan } from "./strategySpec";
import { frameSeedOf, roundSeedOf } from "./strategySpec";

/** Everything `winnow replay` needs to select the same rows again. Checked against its own contract. */
export function buildManifest(round: {
  project: Pick<ProjectRow, "id" | "seed" | "strategy">;
  number: number;
  snapshot: PoolSnapshot;
  plan: RoundPlan;
  stored: StoredSnapshot;
  head: StoredHead | null;
  selected: SelectedRound;
}): RoundManifest {
  const { project, number, snapshot, plan, stored, head, selected } = round;
  const used = (array: "probabilities" | "embeddings") => {
    if (!plan.arrays.includes(array)) return undefined;
    return manifestMatrix(array === "embeddings" && head !== null ? head.inputs : snapshot[array]);
  };
  const manifest: RoundManifest = {
    format: MANIFEST_FORMAT,
    projectId: project.id,
    round: number,
    spec: selected.spec as unknown as RoundManifest["spec"],
    specHash: selected.specHash,
    seed: roundSeedOf(project.seed, number),
    frameSeed: project.strategy.auditShare > 0 ? frameSeedOf(project.seed) : null,
    batchSize: project.strategy.batchSize,
    taskKind: "single-label",
    snapshot: {
      labelSeq: snapshot.counts.labelSeq,
      modelVersion: snapshot.model?.version ?? null,
      featureVersion: snapshot.featureVersion,
      rows: snapshot.n,
      nClasses: snapshot.classes.length,
      eligible: countEligible(snapshot),
    },
    arrays: { ...stored, probabilities: used("probabilities"), embeddings: used("embeddings"), ...manifestHead(head) },
    headReads: head?.reads,
    states: (snapshot.counts.lastStates ?? {}) as RoundManifest["states"],
    kernels: selected.kernels,
    kernelsSha256: selected.kernelsSha256,
    codeVersion: CODE_VERSION,
    status: selected.status,
    notices: selected.notices.map((notice) => ({ ...notice })),
    picks: selected.picks.map((pick) => ({ ...pick, reasons: pick.reasons.map((reason) => ({ ...reason })) })),
  };
  return roundManifest.parse(manifest);
}

function manifestHead(head: StoredHead | null): Pick<RoundManifest["arrays"], "headWeights" | "headBias"> {
  if (head === null) return {};
  return {
    headWeights: { ...head.weights, dtype: "f4", shape: [head.dim, head.nClasses] },
    headBias: { ...head.bias, dtype: "f4", shape: [head.nClasses] },
  };
}

function manifestMatrix(matrix: MatrixRef | null): ManifestMatrix | undefined {
  if (matrix === null || coveredRows(matrix) === 0) return undefined;
  return {
    rows: coveredRows(matrix),
    dim: matrix.dim,
    dtype: "f4",
    shards: matrix.shards.map((shard) => {
      const sha256 = parseShardKey(shard.key)?.sha256;
      if (sha256 === undefined) throw new AppError("E_INTERNAL", `shard key "${shard.key}" names no hash`);
      return { ...shard, sha256 };
    }),
  };
}
