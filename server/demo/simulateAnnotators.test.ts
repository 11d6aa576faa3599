import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ClaimedItem } from "@/contracts/queue";
import { FakeClock } from "@/test/harness/fakeClock";
import type { AnnotatorApi, SimulationOptions } from "./simulateAnnotators";
import { simulateAnnotators } from "./simulateAnnotators";

/** A queue in memory that gives each row once, in order. */
function fakeQueue(rows: number): { api(): AnnotatorApi; answers: Map<number, unknown> } {
  let next = 0;
  const answers = new Map<number, unknown>();
  const progress = { mineToday: 0, mineTotal: 0, projectResolved: 0, projectItems: rows };
  const api = (): AnnotatorApi => ({
    async claim(_tab, n) {
      const entries = Array.from({ length: Math.min(n, rows - next) }, () => ({
        row: next++,
        leaseToken: randomUUID(),
      }));
      const waiting = entries.length
        ? null
        : { heldByOthers: 0, nextExpiryAt: null, openForOthers: 0, refillRunning: false, itemsLeft: 0 };
      const status = entries.length ? "ok" : "empty";
      return { configVersion: 1, status, entries: entries as ClaimedItem[], progress, waiting };
    },
    async submit(input) {
      if (answers.has(input.row)) throw new Error(`row ${input.row} answered twice`);
      answers.set(input.row, input.value);
      const { row, submissionId } = input;
      return {
        seq: answers.size,
        row,
        submissionId,
        isLate: false,
        isExtra: false,
        isRepeat: false,
        itemStatus: "resolved",
        progress,
      };
    },
  });
  return { api, answers };
}

function options(apis: AnnotatorApi[], change: Partial<SimulationOptions> = {}): SimulationOptions {
  return {
    apis,
    truth: async () => "right",
    wrong: async () => "wrong",
    speed: "full",
    errorRate: 0,
    maxLabels: 100,
    seed: "s",
    clock: new FakeClock(),
    signal: new AbortController().signal,
    onLabel: async () => undefined,
    modelKeepsUp: async () => true,
    ...change,
  };
}

describe("simulateAnnotators", () => {
  it("stops at exactly the labels asked for, however many work side by side", async () => {
    const queue = fakeQueue(500);
    const report = await simulateAnnotators(options([queue.api(), queue.api(), queue.api()], { maxLabels: 137 }));
    expect(report).toEqual({ labels: 137, errors: 0, stopped: "maxLabels" });
    expect(queue.answers.size).toBe(137);
  });
  it("errs on the same rows whoever is served what, at about the rate asked for", async () => {
    const errorsOf = async (n: number) => {
      const queue = fakeQueue(400);
      const apis = Array.from({ length: n }, () => queue.api());
      await simulateAnnotators(options(apis, { maxLabels: 400, errorRate: 0.25 }));
      return [...queue.answers]
        .filter(([, value]) => value === "wrong")
        .map(([row]) => row)
        .sort((a, b) => a - b);
    };
    const alone = await errorsOf(1);
    expect(await errorsOf(4)).toEqual(alone);
    // Binomial(400, 0.25): 100 ± 4 standard deviations.
    expect(Math.abs(alone.length - 100)).toBeLessThan(4 * Math.sqrt(400 * 0.25 * 0.75));
  });
  it("waits while the model does not keep up and goes on when it does", async () => {
    const queue = fakeQueue(10);
    let asked = 0;
    const report = await simulateAnnotators(
      options([queue.api()], { maxLabels: 10, modelKeepsUp: async () => ++asked > 1 }),
    );
    expect(asked).toBeGreaterThan(1);
    expect(report.labels).toBe(10);
  });
  it("asks for nothing once others have taken the rest while it waited for the model", async () => {
    const queue = fakeQueue(100);
    const asked: number[] = [];
    const apis = [queue.api(), queue.api(), queue.api()].map((api) => ({
      ...api,
      claim: (tab: string, n: number) => {
        asked.push(n);
        return api.claim(tab, n);
      },
    }));
    let turn = 0;
    // Waits of different lengths: the slowest finds nothing left to reserve.
    const modelKeepsUp = () => new Promise<boolean>((done) => setTimeout(() => done(true), 5 * (turn++ % 3)));
    const report = await simulateAnnotators(options(apis, { maxLabels: 11, modelKeepsUp }));
    expect(report.labels).toBe(11);
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(1);
  });
  it("ends when it is cancelled", async () => {
    const controller = new AbortController();
    const queue = fakeQueue(1_000);
    const report = await simulateAnnotators(
      options([queue.api()], {
        maxLabels: 1_000,
        signal: controller.signal,
        onLabel: async (labels) => {
          if (labels === 7) controller.abort();
        },
      }),
    );
    expect(report).toEqual({ labels: 7, errors: 0, stopped: "cancelled" });
  });
});
