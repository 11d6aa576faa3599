import type { ComparedVersion, CurveComparison, CurvePoint, CurveSeries } from "@/contracts/dashboards";
import type { Db } from "@/server/db";
import { readLearningCurve } from "./readLearningCurve";
import { differenceOfShares } from "./statistics";

/**
 * How much better or worse a project's model is than another's, at the largest number of training labels that both
 * curves have reached, by their audit samples. Null while one of them has not been measured. The caller has checked that
 * both may be read.
 */
export async function readComparison(db: Db, projectId: number, otherId: number): Promise<CurveComparison | null> {
  return compareCurves(await readLearningCurve(db, [projectId, otherId], "accuracy"), projectId, otherId);
}

/** The comparison itself, from the series of both projects. Pure. */
export function compareCurves(series: CurveSeries[], projectId: number, otherId: number): CurveComparison | null {
  const mine = series.find((s) => s.projectId === projectId && s.sample === "audit");
  const other = series.find((s) => s.projectId === otherId && s.sample === "audit");
  if (!mine || !other) return null;
  const common = Math.min(lastLabels(mine), lastLabels(other));
  const a = pointAt(mine, common);
  const b = pointAt(other, common);
  if (!a || !b) return null;
  const share = (point: CurvePoint) => ({ hits: Math.round(point.value * point.n), n: point.n });
  return {
    mine: versionOf(mine, a, series),
    other: versionOf(other, b, series),
    difference: {
      ...differenceOfShares(share(a), share(b)),
      level: 0.95,
      unit: "share",
      n: a.n + b.n,
      sample: "the two audit samples",
      method: "Newcombe score interval for independent samples",
    },
  };
}

function lastLabels(series: CurveSeries): number {
  return series.points.reduce((most, point) => Math.max(most, point.nTrain), 0);
}

/** The measured version that was trained on the most labels, up to `labels`; of equals the newest. */
function pointAt(series: CurveSeries, labels: number): CurvePoint | undefined {
  return series.points.filter((p) => p.nTrain <= labels && p.n > 0).at(-1);
}

function versionOf(of: CurveSeries, point: CurvePoint, all: CurveSeries[]): ComparedVersion {
  const truth = all.find((s) => s.projectId === of.projectId && s.sample === "demoTruth");
  return {
    projectId: of.projectId,
    projectName: of.projectName,
    strategy: of.strategy,
    modelVersion: point.modelVersion,
    nTrain: point.nTrain,
    value: point.value,
    n: point.n,
    demoTruth: truth?.points.find((p) => p.modelVersion === point.modelVersion)?.value ?? null,
  };
}
