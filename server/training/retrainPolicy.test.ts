import { describe, expect, it } from "vitest";
import { retrainPolicy } from "@/contracts/project";
import type { RetrainState } from "./retrainPolicy";
import { shouldRetrain } from "./retrainPolicy";

const POLICY = retrainPolicy.parse({ everyLabels: 25, everySeconds: 120, minLabels: 20 });
const BEGAN = new Date("2026-01-01T00:00:00Z");
const later = (seconds: number) => new Date(BEGAN.getTime() + seconds * 1000);

const fresh: RetrainState = {
  projectStatus: "active",
  isRunning: false,
  hasFeatures: true,
  nLabels: 20,
  labelSeq: 20,
  trainedThroughSeq: null,
  lastTrainedAt: null,
  skippedAtSeq: null,
};
const trained: RetrainState = { ...fresh, nLabels: 100, labelSeq: 100, trainedThroughSeq: 80, lastTrainedAt: BEGAN };

describe("shouldRetrain", () => {
  it("trains the first version with the least number of labels", () => {
    expect(shouldRetrain(POLICY, { ...fresh, nLabels: 19 }, BEGAN)).toMatchObject({
      due: false,
      reason: "tooFewLabels",
    });
    expect(shouldRetrain(POLICY, fresh, BEGAN)).toEqual({ due: true, trigger: "start" });
  });

  it("trains again after so many new answers", () => {
    expect(shouldRetrain(POLICY, { ...trained, labelSeq: 104 }, BEGAN).due).toBe(false);
    expect(shouldRetrain(POLICY, { ...trained, labelSeq: 105 }, BEGAN)).toEqual({ due: true, trigger: "labels" });
    expect(shouldRetrain(POLICY, { ...trained, labelSeq: 500 }, BEGAN)).toEqual({ due: true, trigger: "labels" });
  });

  it("trains after a while when a single answer is new, and says when that will be", () => {
    const one = { ...trained, labelSeq: 81 };
    expect(shouldRetrain(POLICY, one, later(119))).toEqual({ due: false, reason: "notYet", dueAt: later(120) });
    expect(shouldRetrain(POLICY, one, later(120))).toEqual({ due: true, trigger: "time" });
    expect(shouldRetrain(POLICY, { ...trained, labelSeq: 80 }, later(9_999))).toMatchObject({ reason: "nothingNew" });
  });

  it("never trains twice at once, without features, on a paused project, or when switched off", () => {
    const due = { ...trained, labelSeq: 200 };
    expect(shouldRetrain(POLICY, { ...due, isRunning: true }, BEGAN)).toMatchObject({ reason: "running" });
    expect(shouldRetrain(POLICY, { ...due, hasFeatures: false }, BEGAN)).toMatchObject({ reason: "noFeatures" });
    expect(shouldRetrain(POLICY, { ...due, projectStatus: "paused" }, BEGAN)).toMatchObject({ reason: "notActive" });
    expect(shouldRetrain({ ...POLICY, automatic: false }, due, BEGAN)).toMatchObject({ reason: "off" });
  });

  it("waits for a newer answer after a run that found nothing to learn from", () => {
    expect(shouldRetrain(POLICY, { ...fresh, skippedAtSeq: 20 }, BEGAN)).toMatchObject({ reason: "nothingNew" });
    expect(shouldRetrain(POLICY, { ...fresh, skippedAtSeq: 19 }, BEGAN).due).toBe(true);
  });
});
