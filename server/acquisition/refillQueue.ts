import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { JobPayload } from "@/contracts/jobs";
import type { ComputePool, SelectedRound, StoredHead, TaskUsage } from "../compute";
import type { Pool } from "../db";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";
import { loadProject } from "../projects";
import type { WrittenRound } from "../queue";
import { nextGeneration, writeRoundEntries } from "../queue";
import type { BlobStore } from "../storage";
import { requestRetrainIfDue } from "../training";
import { insertRound, takeRoundNumber } from "./acquisition.db";
import { buildManifest } from "./buildManifest";
import type { RoundPicks } from "./listRoundPicks";
import { listRoundPicks } from "./listRoundPicks";
import { reportRound } from "./reportRound";
import { planOf, storeHead } from "./runSelection";
import { selectOrFallBack } from "./selectOrFallBack";
import type { PoolSnapshot, SnapshotContext, StoredSnapshot } from "./snapshotPool";
import { countEligible, snapshotPool, storeSnapshot } from "./snapshotPool";
import type { RoundPlan } from "./strategySpec";
import { roundSeedOf } from "./strategySpec";

/** Rounds in one run: again when the model or the settings changed while it ran. */
const ROUNDS_MAX = 3;

export interface RefillContext extends SnapshotContext {
  db: Pool;
  compute: ComputePool;
  signal: AbortSignal;
  progress: (report: { done: number; total?: number; message?: string }) => Promise<void>;
}

export interface RefillResult {
  rounds: { number: number; status: string; nPicked: number; written: number; durationMs: number }[];
}

/**
 * Runs the project's strategy on the pool as it is and fills the queue with what it picks.
 *
 * Reads candidates, labels and the places of vectors and predictions; lets a compute child run the strategy; writes the
 * round, its manifest and its entries in one transaction, which supersedes what nobody holds of older rounds. The round's
 * seed follows from the project's and the round's number, so a repeated run on the same state picks the same. Runs again
 * when another model became active, or the strategy was changed, while it ran. A strategy that refuses the pool does not
 * leave the queue empty: the round is drawn at random and says why.
 */
export async function refillQueue(context: RefillContext, payload: JobPayload<"queue.refill">): Promise<RefillResult> {
  const result: RefillResult = { rounds: [] };
  for (let n = 0; n < ROUNDS_MAX; n++) {
    const project = await loadProject(context.db, payload.projectId);
    if (project.status === "archived") break;
    result.rounds.push(await runRound(context, project, payload));
    const after = await loadProject(context.db, payload.projectId);
    const isSame =
      after.activeModelVersion === project.activeModelVersion && isDeepStrictEqual(after.strategy, project.strategy);
    if (isSame) {
      // A label that came while a model was trained may have made the next one due: this is the first moment to see it.
      await requestRetrainIfDue(context.db, context.clock, after);
      break;
    }
  }
  return result;
}

interface RoundFacts {
  project: ProjectRow;
  number: number;
  snapshot: PoolSnapshot;
  plan: RoundPlan;
  stored: StoredSnapshot;
  head: StoredHead | null;
}

async function runRound(
  context: RefillContext,
  project: ProjectRow,
  payload: JobPayload<"queue.refill">,
): Promise<RefillResult["rounds"][number]> {
  const { clock, storage } = context;
  const startedAt = clock.now();
  const startedMs = clock.monotonicMs();
  await context.progress({ done: 0, total: 3, message: "looking at the pool" });
  const snapshot = await snapshotPool(context, project);
  const number = snapshot.counts.lastRound + 1;
  const stored = await storeSnapshot(storage, roundPrefix(project.id, number), snapshot);
  const wanted = planOf(project, snapshot);
  const head = await storeHead(context, project.id, snapshot, wanted);
  const asked: RoundFacts = { project, number, snapshot, plan: wanted, stored, head };
  const snapshotMs = clock.monotonicMs() - startedMs;
  await context.progress({ done: 1, total: 3, message: "choosing items" });
  const { selected, usage, plan } = await selectOrFallBack(context, asked);
  const round: RoundFacts = { ...asked, plan, head: plan.refusal ? null : head };
  const selectMs = clock.monotonicMs() - startedMs - snapshotMs;
  await context.progress({ done: 2, total: 3, message: "filling the queue" });
  const picked = listRoundPicks({ ...round, selected });
  const manifestKey = await storeManifest(storage, { ...round, selected });
  const { entries, durationMs } = await writeRound(context, round, selected, picked, {
    manifestKey,
    trigger: payload.trigger,
    triggeredAt: triggerTime(payload, snapshot),
    startedAt,
    startedMs,
    snapshotMs,
    selectMs,
    usage,
  });
  const status = picked.picks.length === 0 ? "empty" : plan.refusal ? "fallback" : selected.status;
  return { number, status, nPicked: picked.picks.length, written: entries.written, durationMs };
}

function roundPrefix(projectId: number, number: number): string {
  return `projects/${projectId}/rounds/${number}`;
}

async function storeManifest(storage: BlobStore, round: RoundFacts & { selected: SelectedRound }): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(buildManifest(round)));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const key = `${roundPrefix(round.project.id, round.number)}/manifest-${sha256}.json`;
  await storage.put(key, bytes);
  return key;
}

interface RoundCircumstances {
  manifestKey: string;
  trigger: string;
  triggeredAt: Date | null;
  startedAt: Date;
  startedMs: number;
  snapshotMs: number;
  selectMs: number;
  usage: TaskUsage;
}

/** The round, its entries and what it supersedes, in one transaction; the entries come last, for their locks. */
async function writeRound(
  { db, clock }: RefillContext,
  { project, number, snapshot, plan }: RoundFacts,
  selected: SelectedRound,
  { picks, nFallback, filledAtRandom }: RoundPicks,
  circumstances: RoundCircumstances,
): Promise<{ entries: WrittenRound; durationMs: number }> {
  const { startedMs, snapshotMs, selectMs, usage, ...when } = circumstances;
  const isModelRead = plan.arrays.includes("probabilities") || plan.arrays.includes("head");
  const modelVersion = isModelRead ? (snapshot.model?.version ?? null) : null;
  return withTransaction(db, async (tx) => {
    if ((await takeRoundNumber(tx, project.id)) !== number) {
      throw new AppError(
        "E_UNAVAILABLE",
        `Round ${number} was written by another run meanwhile; the refill starts again.`,
      );
    }
    const generation = await nextGeneration(tx, project.id);
    const entries = await writeRoundEntries(tx, {
      projectId: project.id,
      round: number,
      generation,
      modelVersion,
      strategy: project.strategy.main.id,
      picks,
      now: clock.now(),
    });
    const durationMs = clock.monotonicMs() - startedMs;
    const timings = {
      snapshotMs,
      selectMs,
      selectCpuMs: usage.cpuMs,
      writeMs: durationMs - snapshotMs - selectMs,
      totalMs: durationMs,
    };
    await insertRound(tx, {
      ...when,
      projectId: project.id,
      number,
      generation,
      strategySpec: selected.spec,
      specHash: selected.specHash,
      seed: roundSeedOf(project.seed, number),
      labelSeq: snapshot.counts.labelSeq,
      modelVersion: snapshot.model?.version ?? null,
      featureVersion: snapshot.featureVersion,
      nCandidates: countEligible(snapshot),
      nPicked: picks.length,
      nFallback,
      status:
        picks.length === 0 ? "empty" : selected.status === "ok" && nFallback === 0 && !plan.refusal ? "ok" : "degraded",
      report: reportRound({
        selected,
        plan,
        snapshot,
        entries,
        filledAtRandom,
        timings,
        peakRssBytes: usage.peakRssBytes,
      }),
      finishedAt: clock.now(),
      durationMs,
    });
    return { entries, durationMs };
  });
}

/** A run that was asked for before a model became active ranks by it all the same: the model's label is what counts then. */
function triggerTime(payload: JobPayload<"queue.refill">, snapshot: PoolSnapshot): Date | null {
  const isNewModel = snapshot.model !== undefined && snapshot.model.version !== snapshot.counts.lastModelVersion;
  const at = isNewModel ? (snapshot.model?.triggeredAt ?? payload.triggeredAt) : payload.triggeredAt;
  return at === undefined || at === null ? null : new Date(at);
}
