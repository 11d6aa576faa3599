"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { countOf } from "@/app/_ui/format";
import type { ThroughputView } from "@/contracts/dashboards";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX } from "./chartStyle";

const DAY_S = 86_400;
const HOUR_S = 3_600;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** Labels per stretch of time, skips stacked on top. */
export function ThroughputChart({ throughput }: { throughput: ThroughputView }) {
  const { bucketSeconds } = throughput;
  const unit = bucketName(bucketSeconds);
  const points = useMemo(
    () =>
      throughput.points.map((p): Bucket => {
        const from = new Date(p.at);
        return {
          from,
          to: new Date(from.getTime() + bucketSeconds * 1000),
          labels: p.labels,
          all: p.labels + p.skips,
          text: `${wordTime(from, bucketSeconds)}\n${countOf(p.labels, "label")}, ${countOf(p.skips, "skip")}\n${countOf(p.annotators, "annotator")}`,
        };
      }),
    [throughput, bucketSeconds],
  );
  const plot = useCallback((width: number) => plotThroughput(points, unit, width), [points, unit]);
  const table = useMemo(
    () => ({
      columns: ["From (UTC)", "Labels", "Skips", "Annotators"],
      rows: throughput.points
        .filter((p) => p.labels + p.skips > 0)
        .map((p) => [p.at.slice(0, 16).replace("T", " "), p.labels, p.skips, p.annotators]),
    }),
    [throughput],
  );
  return (
    <Chart
      title="Throughput"
      description={`Labels and skips per ${unit}. Imported labels are left out.`}
      plot={plot}
      table={table}
      fileName="throughput"
      height={220}
      legend={[
        { name: "Labels", color: "var(--series-1)", shape: "bar" },
        { name: "Skips", color: "var(--series-2)", shape: "bar" },
      ]}
      empty="Nobody has labelled in this period."
    />
  );
}

interface Bucket {
  from: Date;
  to: Date;
  labels: number;
  /** Labels and skips. */
  all: number;
  text: string;
}

function plotThroughput(points: Bucket[], unit: string, width: number): Plot.PlotOptions {
  const isDays =
    points.length > 1 && points[points.length - 1].from.getTime() - points[0].from.getTime() > DAY_S * 1000;
  const bar = { x1: "from", x2: "to", insetLeft: 0.5, insetRight: 0.5 } as const;
  return {
    marginLeft: 40,
    marginRight: 12,
    marginBottom: 38,
    marginTop: 24,
    x: {
      type: "utc",
      label: "Time (UTC)",
      ticks: width < NARROW_PX ? 4 : 7,
      tickFormat: (at: Date) => (isDays ? DATE : CLOCK).format(at),
    },
    y: { label: `Answers per ${unit}`, grid: true, nice: true, ticks: 4, tickFormat: "d" },
    marks: [
      Plot.rectY(points, { ...bar, y1: 0, y2: "labels", fill: "var(--series-1)" }),
      Plot.rectY(points, {
        ...bar,
        filter: (p: Bucket) => p.all > p.labels,
        y1: "labels",
        y2: "all",
        fill: "var(--series-2)",
      }),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      Plot.tip(points, Plot.pointerX({ x1: "from", x2: "to", y: "all", title: "text", ...CHART_TIP })),
    ],
  };
}

function bucketName(seconds: number): string {
  if (seconds % DAY_S === 0) return "day";
  if (seconds % HOUR_S === 0) return seconds === HOUR_S ? "hour" : `${seconds / HOUR_S} hours`;
  return seconds === 60 ? "minute" : `${seconds / 60} minutes`;
}

function wordTime(at: Date, bucketSeconds: number): string {
  return bucketSeconds >= DAY_S ? DATE.format(at) : `${DATE.format(at)}, ${CLOCK.format(at)} UTC`;
}
