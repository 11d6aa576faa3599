import type { ThroughputView } from "@/contracts/dashboards";
import { HOUR_MS } from "@/contracts/limits";
import type { Clock } from "@/server/clock";
import type { Db } from "@/server/db";
import { readThroughput as readRows } from "./dashboards.db";

const BUCKETS_SECONDS = [60, 300, 900, 3_600, 4 * 3_600, 86_400];
/** Points a chart can show side by side. */
const POINTS_MAX = 120;

/** Labels and skips per time bucket over the last hours; buckets without work are there, with zeros. */
export async function readThroughput(
  { db, clock }: { db: Db; clock: Clock },
  projectId: number,
  hours: number,
): Promise<ThroughputView> {
  const span = hours * 3_600;
  const bucketSeconds =
    BUCKETS_SECONDS.find((b) => span / b <= POINTS_MAX) ?? BUCKETS_SECONDS[BUCKETS_SECONDS.length - 1];
  const bucketMs = bucketSeconds * 1000;
  const end = clock.now().getTime();
  const first = Math.floor((end - hours * HOUR_MS) / bucketMs) * bucketMs;
  const rows = await readRows(db, projectId, new Date(first), bucketSeconds);
  const byTime = new Map(rows.map((r) => [r.at.getTime(), r]));
  const points: ThroughputView["points"] = [];
  for (let at = first; at <= end; at += bucketMs) {
    const row = byTime.get(at);
    points.push({
      at: new Date(at).toISOString(),
      labels: row?.labels ?? 0,
      skips: row?.skips ?? 0,
      annotators: row?.annotators ?? 0,
    });
  }
  return { bucketSeconds, points };
}
