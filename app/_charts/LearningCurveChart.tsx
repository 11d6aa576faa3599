"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import type { CurveSeries } from "@/contracts/dashboards";
import { Chart } from "./Chart";
import { seriesColor } from "./seriesColors";

const METRIC_TITLES: Record<string, string> = { accuracy: "Accuracy", macroF1: "Macro F1" };
const SAMPLE_TITLES: Record<CurveSeries["sample"], string> = {
  audit: "audit sample",
  demoTruth: "hidden truth",
  heldOut: "held out",
};

interface Drawn {
  series: CurveSeries;
  name: string;
  color: string;
}

/** Quality against labels: one line per project, with the interval of its sample as a band. */
export function LearningCurveChart({ series, metric }: { series: CurveSeries[]; metric: string }) {
  const title = METRIC_TITLES[metric] ?? metric;
  const drawn = useMemo(() => nameSeries(series), [series]);
  const plot = useCallback(
    (width: number): Plot.PlotOptions => ({
      marginLeft: 48,
      marginBottom: 40,
      x: { label: "Labels the model was trained on", grid: false, nice: true, ticks: width < 500 ? 4 : 8 },
      y: {
        label: `${title} (share of items)`,
        grid: true,
        tickFormat: (v: number) => `${Math.round(v * 100)} %`,
        nice: true,
      },
      marks: drawn.flatMap(({ series: s, name, color }) => [
        Plot.areaY(
          s.points.filter((p) => p.lower !== null && p.upper !== null),
          { x: "nTrain", y1: "lower", y2: "upper", fill: color, fillOpacity: 0.14 },
        ),
        Plot.lineY(s.points, {
          x: "nTrain",
          y: "value",
          stroke: color,
          strokeWidth: 2,
          strokeDasharray: s.sample === "demoTruth" ? "5 3" : undefined,
        }),
        Plot.dot(s.points, {
          x: "nTrain",
          y: "value",
          r: 2.5,
          fill: color,
          tip: { fill: "var(--raised)", stroke: "var(--line)" },
          title: (p: CurveSeries["points"][number]) => tipText(p, name, title),
        }),
      ]),
    }),
    [drawn, title],
  );
  const table = useMemo(
    () => ({
      columns: ["Series", "Model version", "Training labels", title, "Lower", "Upper", "Measured on"],
      rows: drawn.flatMap(({ series: s, name }) =>
        s.points.map((p) => [name, p.modelVersion, p.nTrain, p.value, p.lower, p.upper, p.n]),
      ),
    }),
    [drawn, title],
  );
  return (
    <Chart
      title={`${title} by labels`}
      description={describe(series)}
      plot={plot}
      table={table}
      fileName={`learning-curve-${metric}`}
      height={320}
      legend={drawn.map((d) => ({ name: d.name, color: d.color, dashed: d.series.sample === "demoTruth" }))}
      empty="The curve starts with the first model version that can be measured on audit labels."
    />
  );
}

function nameSeries(series: CurveSeries[]): Drawn[] {
  const projects = [...new Set(series.map((s) => s.projectId))];
  return series.map((s) => ({
    series: s,
    name: `${projects.length > 1 ? `${s.projectName}, ` : ""}${s.strategy}, ${SAMPLE_TITLES[s.sample]}`,
    color: seriesColor(projects.indexOf(s.projectId)),
  }));
}

function percent(value: number | null): string {
  return value === null ? "?" : `${(value * 100).toFixed(1)} %`;
}

function tipText(p: CurveSeries["points"][number], name: string, title: string): string {
  const interval = p.lower === null ? "" : ` (${percent(p.lower)} to ${percent(p.upper)})`;
  return `${name}\n${title} ${percent(p.value)}${interval}\n${p.nTrain} training labels, model version ${p.modelVersion}\nmeasured on ${p.n} items`;
}

function describe(series: CurveSeries[]): string {
  const audit = series.find((s) => s.sample === "audit" && s.points.length > 0);
  const hasTruth = series.some((s) => s.sample === "demoTruth");
  const parts = audit
    ? [
        `Measured on randomly drawn audit items that were kept out of training; band: ${Math.round((audit.level ?? 0.95) * 100)} % ${audit.method}.`,
      ]
    : [];
  if (hasTruth) parts.push("Dashed: on the hidden labels of this demonstration.");
  return parts.join(" ") || "Measured on audit items, never on training data.";
}
