"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import type { ThroughputView } from "@/contracts/dashboards";
import { Chart } from "./Chart";

/** Labels per time bucket, skips stacked on top. */
export function ThroughputChart({ throughput }: { throughput: ThroughputView }) {
  const points = useMemo(
    () =>
      throughput.points.map((p) => ({
        ...p,
        at: new Date(p.at),
        end: new Date(Date.parse(p.at) + throughput.bucketSeconds * 1000),
      })),
    [throughput],
  );
  const unit = bucketName(throughput.bucketSeconds);
  const plot = useCallback(
    (width: number): Plot.PlotOptions => ({
      marginLeft: 44,
      marginBottom: 36,
      x: { type: "time", label: "Time", ticks: width < 500 ? 4 : 8 },
      y: { label: `Labels per ${unit}`, grid: true, nice: true },
      marks: [
        Plot.rectY(points, {
          x1: "at",
          x2: "end",
          y: "labels",
          fill: "var(--series-1)",
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.rectY(
          points.filter((p) => p.skips > 0),
          {
            x1: "at",
            x2: "end",
            y1: "labels",
            y2: (p: (typeof points)[number]) => p.labels + p.skips,
            fill: "var(--series-2)",
            insetLeft: 0.5,
            insetRight: 0.5,
          },
        ),
        Plot.ruleY([0], { stroke: "var(--line-strong)" }),
        Plot.tip(
          points,
          Plot.pointerX({
            x: "at",
            y: "labels",
            fill: "var(--raised)",
            stroke: "var(--line)",
            title: (p: (typeof points)[number]) =>
              `${p.at.toLocaleString()}\n${p.labels} labels, ${p.skips} skips\n${p.annotators} annotators`,
          }),
        ),
      ],
    }),
    [points, unit],
  );
  const table = useMemo(
    () => ({
      columns: ["From", "Labels", "Skips", "Annotators"],
      rows: throughput.points.filter((p) => p.labels + p.skips > 0).map((p) => [p.at, p.labels, p.skips, p.annotators]),
    }),
    [throughput],
  );
  return (
    <Chart
      title="Throughput"
      description={`Labels and skips per ${unit}, imports left out.`}
      plot={plot}
      table={table}
      fileName="throughput"
      height={220}
      legend={[
        { name: "Labels", color: "var(--series-1)" },
        { name: "Skips", color: "var(--series-2)" },
      ]}
      empty="Nobody has labelled in this period."
    />
  );
}

function bucketName(seconds: number): string {
  if (seconds % 86_400 === 0) return "day";
  if (seconds % 3_600 === 0) return seconds === 3_600 ? "hour" : `${seconds / 3_600} hours`;
  return seconds === 60 ? "minute" : `${seconds / 60} minutes`;
}
