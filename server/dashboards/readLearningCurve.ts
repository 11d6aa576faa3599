import type { CurveSeries } from "@/contracts/dashboards";
import type { Db } from "@/server/db";
import { readCurveProjects, readLatestMetrics } from "./dashboards.db";

const SAMPLES = ["audit", "demoTruth"] as const;

/**
 * Learning curves of one metric: a series per project and sample, points in order of training labels.
 * The audit sample is a simple random sample of the pool kept out of training, so its points are unbiased.
 *
 * @param projectIds  the project first, then those to compare with; the caller has checked that each may be read.
 */
export async function readLearningCurve(
  db: Db,
  projectIds: number[],
  metric: "accuracy" | "macroF1",
): Promise<CurveSeries[]> {
  const projects = await readCurveProjects(db, projectIds);
  const series = await Promise.all(
    projects.flatMap((project) =>
      SAMPLES.map(async (sample): Promise<CurveSeries> => {
        const rows = await readLatestMetrics(db, project.id, metric, sample);
        return {
          projectId: project.id,
          projectName: project.name,
          strategy: project.strategy_spec.main?.id ?? "unknown",
          metric,
          sample,
          method: rows.at(-1)?.method ?? "",
          level: rows.at(-1)?.level ?? null,
          points: rows
            .map((r) => ({
              modelVersion: r.model_version,
              nTrain: r.n_train,
              value: r.value,
              lower: r.lower,
              upper: r.upper,
              n: r.n,
              at: r.at.toISOString(),
            }))
            .sort((a, b) => a.nTrain - b.nTrain || a.modelVersion - b.modelVersion),
        };
      }),
    ),
  );
  return series.filter((s) => s.points.length > 0);
}
