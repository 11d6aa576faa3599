"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo, useState } from "react";
import { formatNumber, formatPercent } from "@/app/_ui/format";
import type { CurvePoint, CurveSeries } from "@/contracts/dashboards";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX, SERIES_COLORS } from "./chartStyle";

const METRIC_TITLES: Record<string, string> = { accuracy: "Accuracy", macroF1: "Macro F1" };
const SAMPLE_TITLES: Record<CurveSeries["sample"], string> = {
  audit: "audit sample",
  demoTruth: "hidden labels",
  heldOut: "held out",
};

interface Drawn {
  series: CurveSeries;
  name: string;
  color: string;
}

/** Quality against labels: one line per project and sample, with the interval of the audit sample as a band. */
export function LearningCurveChart({
  series,
  metric,
  titleOf,
}: {
  series: CurveSeries[];
  metric: string;
  /** Title of a strategy. */
  titleOf: (strategyId: string) => string;
}) {
  const title = METRIC_TITLES[metric] ?? metric;
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const all = useMemo(() => nameSeries(series, titleOf), [series, titleOf]);
  const drawn = useMemo(() => all.filter(({ name }) => !hidden.includes(name)), [all, hidden]);
  const plot = useCallback((width: number) => plotCurves(drawn, title, width), [drawn, title]);
  const table = useMemo(
    () => ({
      columns: ["Series", "Model version", "Training labels", title, "Lower", "Upper", "Measured on"],
      rows: all.flatMap(({ series: s, name }) =>
        s.points.map((p) => [name, p.modelVersion, p.nTrain, p.value, p.lower, p.upper, p.n]),
      ),
    }),
    [all, title],
  );
  return (
    <Chart
      title={`${title} by labels`}
      description={describe(series)}
      plot={plot}
      table={table}
      fileName={`learning-curve-${metric}`}
      height={320}
      legend={all.map(({ name, color, series: s }) => ({
        name,
        color,
        shape: s.sample === "audit" ? "line" : "dashed",
        isHidden: hidden.includes(name),
      }))}
      onToggle={(name) => setHidden(hidden.includes(name) ? hidden.filter((n) => n !== name) : [...hidden, name])}
      empty="The curve starts with the first model version that can be measured on audit labels."
    />
  );
}

function plotCurves(drawn: Drawn[], title: string, width: number): Plot.PlotOptions {
  const points = drawn.flatMap(({ series, name, color }) =>
    series.points.map((point) => ({ ...point, color, text: tipText(point, name, title) })),
  );
  return {
    marginLeft: 46,
    marginRight: 12,
    marginBottom: 40,
    marginTop: 24,
    x: { label: "Labels the model was trained on", nice: true, ticks: width < NARROW_PX ? 4 : 8 },
    y: {
      label: `${title}, share of items`,
      grid: true,
      tickFormat: (v: number) => `${Math.round(v * 100)} %`,
      nice: true,
      ticks: 6,
    },
    marks: [
      ...drawn.map(({ series, color }) =>
        Plot.areaY(
          series.points.filter((p) => p.lower !== null && p.upper !== null),
          { x: "nTrain", y1: "lower", y2: "upper", fill: color, fillOpacity: 0.16 },
        ),
      ),
      ...drawn.map(({ series, color }) =>
        Plot.lineY(series.points, {
          x: "nTrain",
          y: "value",
          stroke: color,
          strokeWidth: series.sample === "audit" ? 2.25 : 1.5,
          strokeDasharray: series.sample === "audit" ? undefined : "5 3",
        }),
      ),
      Plot.dot(points, { x: "nTrain", y: "value", r: 2.25, fill: "color" }),
      Plot.dot(points, Plot.pointer({ x: "nTrain", y: "value", r: 5, stroke: "color", strokeWidth: 2 })),
      Plot.tip(points, Plot.pointer({ x: "nTrain", y: "value", title: "text", ...CHART_TIP })),
    ],
    color: { type: "identity" },
  };
}

/** The strategy's title where it tells the projects apart, else the project's name. */
function nameSeries(series: CurveSeries[], titleOf: (strategyId: string) => string): Drawn[] {
  const projects = [...new Map(series.map((s) => [s.projectId, s])).values()];
  const isEnough = new Set(projects.map((p) => p.strategy)).size === projects.length;
  return series.map((s) => ({
    series: s,
    name: `${isEnough ? titleOf(s.strategy) : s.projectName}, ${SAMPLE_TITLES[s.sample]}`,
    color: SERIES_COLORS[projects.findIndex((p) => p.projectId === s.projectId) % SERIES_COLORS.length],
  }));
}

function tipText(p: CurvePoint, name: string, title: string): string {
  const interval =
    p.lower === null || p.upper === null ? "" : `\n${formatPercent(p.lower)} to ${formatPercent(p.upper)}`;
  return `${name}\n${title} ${formatPercent(p.value)}${interval}\n${formatNumber(p.nTrain)} training labels, version ${p.modelVersion}\nmeasured on ${formatNumber(p.n)} items`;
}

function describe(series: CurveSeries[]): string {
  const audit = series.find((s) => s.sample === "audit" && s.points.length > 0);
  if (!audit) return "Measured on randomly drawn audit items, never on training data.";
  const level = Math.round((audit.level ?? 0.95) * 100);
  const band = `Measured on randomly drawn audit items that the model was not trained on; band: ${level} % interval.`;
  return series.some((s) => s.sample === "demoTruth")
    ? `${band} Dashed: the same by the hidden labels of this demonstration.`
    : band;
}
