/**
 * A process of people who label as fast as they are told to, straight through the services, for tests that take the
 * database away. Argument: {@link LabellingOrder} as JSON. Reports {@link LabellingReport}s to its parent.
 */
import { randomUUID } from "node:crypto";
import type { ClaimedItem } from "@/contracts/queue";
import { submitAnnotation } from "@/server/annotation";
import { systemClock } from "@/server/clock";
import { createPool } from "@/server/db";
import type { QueueContext } from "@/server/queue";
import { claimNext } from "@/server/queue";
import { openFsBlobStore } from "@/server/storage";
import type { Acknowledged } from "./invariants";
import { labelOf, queueContextFor } from "./queueContextFor";
import { SeededRandom } from "./seededRandom";

export interface LabellingOrder {
  url: string;
  storageDir: string;
  projectId: number;
  userIds: string[];
  labels: string[];
  /** Pause of a person before each label, in ms, on average. */
  thinkMs: number;
}

/** One lease as its holder saw it: from the answer that brought it until the label was acknowledged or the lease ran out. */
export interface HeldInterval {
  row: number;
  token: string;
  userId: string;
  fromMs: number;
  untilMs: number;
}

export type LabellingReport =
  | { kind: "answered"; acknowledged: Acknowledged; held: HeldInterval; nTries: number }
  | { kind: "done"; nFailedCalls: number };

const RETRY_PAUSE_MS = 50;
const POOL_MAX = 12;

const order = JSON.parse(process.argv[2]) as LabellingOrder;
const pool = createPool({ connectionString: order.url, max: POOL_MAX });
const world = { db: pool, clock: systemClock, storage: openFsBlobStore(order.storageDir) };
let nFailedCalls = 0;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const report = (message: LabellingReport): void => void process.send?.(message);

/** Calls until it answers. Without a database every call fails, and that is all a client can know. */
async function untilAnswered<T>(call: () => Promise<T>): Promise<{ value: T; nTries: number }> {
  for (let nTries = 1; ; nTries++) {
    try {
      return { value: await call(), nTries };
    } catch (error) {
      const { code } = error as { code?: string };
      // The service has spoken: nothing that a retry could change, and nothing that may happen here.
      if (code?.startsWith("E_") && code !== "E_UNAVAILABLE") throw error;
      nFailedCalls++;
      await sleep(RETRY_PAUSE_MS);
    }
  }
}

async function answer(
  ctx: QueueContext,
  userId: string,
  item: ClaimedItem,
  fromMs: number,
  choice: string,
): Promise<void> {
  const submission = labelOf(item, choice, randomUUID());
  const { value: result, nTries } = await untilAnswered(() => submitAnnotation(ctx, submission));
  const { leaseToken: token, row } = item;
  const untilMs = Math.min(Date.now(), new Date(item.leaseExpiresAt).getTime());
  const { submissionId, kind, value } = submission;
  report({
    kind: "answered",
    acknowledged: { submissionId, seq: result.seq, row, annotatorId: userId, kind, value },
    held: { row, token, userId, fromMs, untilMs },
    nTries,
  });
}

/** Labels until nothing is open and nobody holds anything. */
async function label(userId: string): Promise<void> {
  const random = new SeededRandom(userId);
  const { value: ctx } = await untilAnswered(() =>
    queueContextFor(world, order.projectId, { id: userId, name: userId }),
  );
  for (;;) {
    const { value: result } = await untilAnswered(() => claimNext(ctx, { tab: "tab", n: 2 }));
    const fromMs = Date.now();
    if (result.status === "empty" && result.waiting?.heldByOthers === 0 && result.waiting.openForOthers === 0) return;
    if (result.entries.length === 0) await sleep(RETRY_PAUSE_MS);
    for (const item of result.entries) {
      await sleep(2 * order.thinkMs * random.next());
      await answer(ctx, userId, item, fromMs, random.pick(order.labels));
    }
  }
}

await Promise.all(order.userIds.map(label));
report({ kind: "done", nFailedCalls });
await pool.end();
process.disconnect?.();
