import { submitInput } from "@/contracts/queue";
import { submitAnnotation } from "@/server/annotation";
import { systemClock } from "@/server/clock";
import type { Pool } from "@/server/db";
import { withTransaction } from "@/server/db";
import { loadProject } from "@/server/projects";
import type { QueueContext } from "@/server/queue";
import { claimNext, nextGeneration, writeRoundEntries } from "@/server/queue";
import type { BlobStore } from "@/server/storage";
import type { LabellingDoor, LabellingFigures } from "./measureLabelling";
import { measureLabelling } from "./measureLabelling";
import type { QueueSizes, SeededQueue } from "./seedQueue";
import { seedQueue } from "./seedQueue";

export interface BenchSizes extends QueueSizes {
  seconds: number;
  warmUpSeconds: number;
  thinkMs: number;
}

export interface QueueFigures {
  seedSeconds: number;
  /** Everybody at a human pace. */
  paced: LabellingFigures;
  /** 16 people without a pause: how much the queue can take. */
  hot: LabellingFigures;
  /** One round of as many picks as the queue has entries, while nobody waits. */
  refill: { picks: number; seconds: number; written: number; superseded: number };
}

const PREFETCH = 5;
const HOT_PEOPLE = 16;

/** The services as the API calls them, without the network. */
export async function serviceDoor(
  db: Pool,
  storage: BlobStore,
  projectId: number,
  userId: string,
): Promise<LabellingDoor> {
  const ctx: QueueContext = {
    db,
    storage,
    clock: systemClock,
    actor: { kind: "user", id: userId, name: userId, role: "member" },
    project: await loadProject(db, projectId),
    frozenAt: null,
  };
  return {
    claim: (input) => claimNext(ctx, input),
    submit: (input) => submitAnnotation(ctx, submitInput.parse(input)),
  };
}

export async function measureRefill(db: Pool, { projectId }: SeededQueue, sizes: QueueSizes) {
  const { items, history, entries: picks } = sizes;
  const step = Math.floor((items - history) / picks);
  const startMs = performance.now();
  const { written, superseded } = await withTransaction(db, async (tx) =>
    writeRoundEntries(tx, {
      projectId,
      round: 3,
      generation: await nextGeneration(tx, projectId),
      modelVersion: 1,
      strategy: "margin",
      picks: Array.from({ length: picks }, (_, i) => ({
        row: history + i * step,
        rank: i,
        score: 0.1,
        percentile: 0.9,
        inclusion: null,
        reason: [{ code: "random" }],
        purpose: "train",
        isFallback: false,
        priority: i,
      })),
      now: systemClock.now(),
    }),
  );
  return { picks, seconds: (performance.now() - startMs) / 1000, written, superseded };
}

export async function benchQueue(db: Pool, storage: BlobStore, sizes: BenchSizes): Promise<QueueFigures> {
  const seedStartMs = performance.now();
  const seeded = await seedQueue(db, storage, sizes);
  const seedSeconds = (performance.now() - seedStartMs) / 1000;
  const doors = await Promise.all(seeded.userIds.map((id) => serviceDoor(db, storage, seeded.projectId, id)));
  const common = { projectId: seeded.projectId, prefetch: PREFETCH, warmUpSeconds: sizes.warmUpSeconds };
  const paced = await measureLabelling({ ...common, doors, thinkMs: sizes.thinkMs, seconds: sizes.seconds });
  const refill = await measureRefill(db, seeded, sizes);
  const hotSeconds = Math.min(5, sizes.seconds);
  const hot = await measureLabelling({
    ...common,
    doors: doors.slice(0, HOT_PEOPLE),
    thinkMs: 0,
    seconds: hotSeconds,
    warmUpSeconds: Math.min(1, sizes.warmUpSeconds),
  });
  return { seedSeconds, paced, hot, refill };
}
