import { randomUUID } from "node:crypto";
import type { ClaimInput, ClaimResult, SubmitInput, SubmitResult } from "@/contracts/queue";
import { SeededRandom } from "@/test/simulation/seededRandom";

/** One person's way to the queue: the services, or the API over HTTP. */
export interface LabellingDoor {
  claim: (input: ClaimInput) => Promise<ClaimResult>;
  submit: (input: SubmitInput) => Promise<SubmitResult>;
}

export interface LatencyMs {
  n: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface LabellingFigures {
  people: number;
  /** Mean pause of a person before each label, exponentially distributed. */
  thinkMs: number;
  seconds: number;
  labelsPerSecond: number;
  claim: LatencyMs;
  submit: LatencyMs;
}

export interface LabellingPlan {
  projectId: number;
  doors: readonly LabellingDoor[];
  thinkMs: number;
  seconds: number;
  /** Items a person wants to hold. */
  prefetch: number;
  /** Seconds at the beginning that are not counted: connections open, plans are made, caches fill. */
  warmUpSeconds: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function summarise(samples: number[]): LatencyMs {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/**
 * Lets everybody label at their own pace for a while: a person holds `prefetch` items, labels the first, and claims one
 * more after each label. Every label is one claim and one submission, both timed from the call to its answer.
 */
export async function measureLabelling(plan: LabellingPlan): Promise<LabellingFigures> {
  const { projectId, doors, thinkMs, prefetch } = plan;
  const claims: number[] = [];
  const submits: number[] = [];
  const startMs = performance.now();
  const countFromMs = startMs + plan.warmUpSeconds * 1000;
  const endMs = countFromMs + plan.seconds * 1000;

  async function timed<T>(samples: number[], call: () => Promise<T>): Promise<T> {
    const fromMs = performance.now();
    const result = await call();
    if (fromMs >= countFromMs) samples.push(performance.now() - fromMs);
    return result;
  }

  async function label(door: LabellingDoor, p: number): Promise<void> {
    const random = new SeededRandom(`bench/${p}`);
    const think = () => -Math.log(random.next()) * thinkMs;
    // People do not all open the page in the same moment.
    await sleep(thinkMs * random.next());
    let held: ClaimResult["entries"] = [];
    while (performance.now() < endMs) {
      const holding = held.map((item) => item.leaseToken);
      const result = await timed(claims, () => door.claim({ projectId, tab: "bench", n: prefetch, holding }));
      held = [...held, ...result.entries];
      const item = held.shift();
      if (!item) throw new Error(`the queue ran dry (${result.status}): seed more entries`);
      if (thinkMs > 0) await sleep(think());
      await timed(submits, () =>
        door.submit({
          projectId,
          submissionId: randomUUID(),
          leaseToken: item.leaseToken,
          row: item.row,
          kind: "label",
          value: { choice: random.pick(["alpha", "beta", "gamma", "delta"]) },
          elapsedMs: 1000,
          suggestionShown: true,
          suggestedValue: item.suggestion?.value,
          modelVersionSeen: item.suggestion?.modelVersion,
        }),
      );
    }
  }

  await Promise.all(doors.map(label));
  return {
    people: doors.length,
    thinkMs,
    seconds: plan.seconds,
    labelsPerSecond: submits.length / plan.seconds,
    claim: summarise(claims),
    submit: summarise(submits),
  };
}
