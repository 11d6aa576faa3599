import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ComputePool, SelectedRound, StoredHead, TaskProgress, TaskUsage } from "../compute";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";
import type { BlobStore } from "../storage";
import { hasHead } from "./hasHead";
import type { PoolSnapshot, StoredSnapshot } from "./snapshotPool";
import { coveredRows } from "./snapshotPool";
import type { Available, RoundPlan } from "./strategySpec";
import { frameSeedOf, planRound, roundSeedOf } from "./strategySpec";

/** Model versions whose head inputs are kept; those of others are computed again when they are wanted. */
const HEADS_KEPT = 3;
/** Older versions looked at when heads are cleared: rounds do not run on every version. */
const HEADS_CLEARED = 20;

/** What the pool has to offer right now. */
export function availableIn(snapshot: PoolSnapshot): Available {
  const { model, featureVersion } = snapshot;
  const hasVectors = coveredRows(snapshot.embeddings) > 0;
  return {
    embeddings: hasVectors,
    probabilities: coveredRows(snapshot.probabilities) > 0,
    head:
      hasVectors &&
      model !== undefined &&
      model.blobKey !== null &&
      model.featureVersion === featureVersion &&
      hasHead(model.trainer),
  };
}

export function planOf(project: Pick<ProjectRow, "strategy">, snapshot: PoolSnapshot): RoundPlan {
  return planRound(project.strategy, {
    nLabelled: snapshot.labelledRows.length,
    nClassesLabelled: new Set(snapshot.labelledClasses).size,
    available: availableIn(snapshot),
  });
}

export interface SelectionContext {
  compute: ComputePool;
  storage: BlobStore;
  signal: AbortSignal;
}

/** The head that a plan asks for, stored with what it reads; null where none is asked for. */
export async function storeHead(
  { compute, storage, signal }: SelectionContext,
  projectId: number,
  { model, embeddings }: PoolSnapshot,
  plan: RoundPlan,
  onProgress?: (progress: TaskProgress) => void,
): Promise<StoredHead | null> {
  if (!plan.arrays.includes("head")) return null;
  const modelKey = model?.blobKey;
  if (!model || !modelKey || embeddings === null) {
    throw new AppError("E_INTERNAL", "A round was planned with the head of a model that is not there.");
  }
  const payload = { features: embeddings, modelKey, prefix: headPrefix(projectId, model.version) };
  const { result } = await compute.run("head", storage, payload, { signal, onProgress });
  if (result === null) throw new AppError("E_INTERNAL", `Model version ${model.version} has no linear last layer.`);
  const newest = model.version - HEADS_KEPT;
  for (let version = Math.max(1, newest - HEADS_CLEARED); version <= newest; version++) {
    await storage.deletePrefix(headPrefix(projectId, version));
  }
  return result;
}

function headPrefix(projectId: number, version: number): string {
  return `projects/${projectId}/heads/${version}`;
}

/** Runs a plan on a stored snapshot, in a compute child. */
export async function runSelection(
  { compute, storage, signal }: SelectionContext,
  round: {
    project: Pick<ProjectRow, "seed" | "strategy">;
    number: number;
    snapshot: PoolSnapshot;
    plan: RoundPlan;
    stored: StoredSnapshot;
    head: StoredHead | null;
  },
  onProgress?: (progress: TaskProgress) => void,
): Promise<{ selected: SelectedRound; usage: TaskUsage }> {
  const { project, snapshot, plan, stored, head } = round;
  const scratch = await mkdtemp(join(tmpdir(), "winnow-round-"));
  const outPath = join(scratch, "selection.json");
  try {
    const { usage } = await compute.run(
      "select",
      storage,
      {
        spec: plan.spec,
        seed: roundSeedOf(project.seed, round.number),
        frameSeed: frameSeedOf(project.seed),
        batchSize: project.strategy.batchSize,
        n: snapshot.n,
        nClasses: snapshot.classes.length,
        eligibleKey: stored.eligible.key,
        labelledRowsKey: stored.labelledRows.key,
        labelledClassesKey: stored.labelledClasses.key,
        pendingKey: stored.pending.key,
        skippedKey: stored.skipped.key,
        probabilities: plan.arrays.includes("probabilities") ? snapshot.probabilities : null,
        embeddings: plan.arrays.includes("embeddings") ? (head?.inputs ?? snapshot.embeddings) : null,
        head: head && { weightsKey: head.weights.key, biasKey: head.bias.key },
        states: snapshot.counts.lastStates ?? {},
        outPath,
      },
      { signal, onProgress },
    );
    const selected = JSON.parse(await readFile(outPath, "utf8")) as SelectedRound;
    return { selected, usage };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
