import { describe, expect, it } from "vitest";
import type { JobName, JobRunView } from "@/contracts/jobs";
import { wordOutcome } from "./wordOutcome";

function job(kind: JobName, result: unknown, change: Partial<JobRunView> = {}): JobRunView {
  return {
    id: "1",
    projectId: 1,
    kind,
    state: "succeeded",
    progressDone: 1,
    progressTotal: 1,
    message: "predicting the pool",
    attempts: 1,
    error: null,
    result,
    createdAt: "2026-03-01T12:00:00.000Z",
    startedAt: "2026-03-01T12:00:00.000Z",
    finishedAt: "2026-03-01T12:00:02.500Z",
    canCancel: false,
    ...change,
  };
}

describe("wordOutcome", () => {
  it("says what came of a finished job and how long it took, not what it did last", () => {
    expect(wordOutcome(job("training.retrain", { version: 16, nTrain: 688, isActive: true }))).toBe(
      "version 16 on 688 labels · took 2.5 s",
    );
    expect(wordOutcome(job("queue.refill", { rounds: [{ number: 18, nPicked: 100 }] }))).toBe(
      "100 items chosen in round 18 · took 2.5 s",
    );
    expect(wordOutcome(job("features.build", { steps: [{ nRows: 13_083 }] }))).toBe(
      "vectors for 13,083 items · took 2.5 s",
    );
  });
  it("says so when nothing was to do, whatever the result looks like", () => {
    expect(wordOutcome(job("training.retrain", { skipped: "oneClass" }))).toBe(
      "nothing trained: labels of one class only · took 2.5 s",
    );
    expect(wordOutcome(job("training.retrain", null))).toBe("took 2.5 s");
    expect(wordOutcome(job("queue.refill", { rounds: "?" }))).toBe("nothing to do · took 2.5 s");
    expect(wordOutcome(job("evaluation.measure", { points: 0 }))).toBe("no news · took 2.5 s");
  });
  it("passes on what a running job says", () => {
    expect(wordOutcome(job("training.retrain", null, { state: "running" }))).toBe("predicting the pool");
  });
});
