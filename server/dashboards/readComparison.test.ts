import { describe, expect, it } from "vitest";
import type { CurveSeries } from "@/contracts/dashboards";
import { compareCurves } from "./readComparison";

type Point = [nTrain: number, value: number, n: number];

function series(projectId: number, points: Point[], sample: CurveSeries["sample"] = "audit"): CurveSeries {
  return {
    projectId,
    projectName: `Project ${projectId}`,
    strategy: projectId === 1 ? "margin" : "random",
    metric: "accuracy",
    sample,
    method: "Wilson score interval",
    level: 0.95,
    points: points.map(([nTrain, value, n], i) => ({
      modelVersion: i + 1,
      nTrain,
      value,
      lower: null,
      upper: null,
      n,
      at: "2026-03-01T12:00:00.000Z",
    })),
  };
}

describe("compareCurves", () => {
  it("compares at the most training labels that both have reached", () => {
    const mine = series(1, [
      [50, 0.5, 20],
      [100, 0.8, 70],
      [150, 0.9, 90],
    ]);
    const other = series(2, [
      [60, 0.4, 20],
      [110, 0.6, 80],
    ]);
    const found = compareCurves([mine, other], 1, 2);
    expect(found?.mine).toMatchObject({ strategy: "margin", nTrain: 100, modelVersion: 2, value: 0.8, n: 70 });
    expect(found?.other).toMatchObject({ strategy: "random", nTrain: 110, modelVersion: 2, value: 0.6, n: 80 });
  });

  it("states the difference with Newcombe's interval", () => {
    const found = compareCurves([series(1, [[100, 56 / 70, 70]]), series(2, [[100, 48 / 80, 80]])], 1, 2);
    expect(found?.difference).toMatchObject({ level: 0.95, unit: "share", n: 150 });
    expect(found?.difference.value).toBeCloseTo(0.2, 12);
    expect(found?.difference.lower).toBeCloseTo(0.0524, 4);
    expect(found?.difference.upper).toBeCloseTo(0.3339, 4);
  });

  it("adds what hidden labels say about the same versions", () => {
    const truth = series(1, [[100, 0.91, 5000]], "demoTruth");
    const found = compareCurves([series(1, [[100, 0.9, 70]]), truth, series(2, [[100, 0.8, 70]])], 1, 2);
    expect(found?.mine.demoTruth).toBe(0.91);
    expect(found?.other.demoTruth).toBeNull();
  });

  it("says nothing while one side is not measured, or has nothing at so few labels", () => {
    expect(compareCurves([series(1, [[100, 0.9, 70]])], 1, 2)).toBeNull();
    expect(compareCurves([series(1, [[100, 0.9, 70]]), series(2, [[40, 0.9, 70]])], 1, 2)).toBeNull();
  });
});
