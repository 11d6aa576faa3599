"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { countOf, formatPercent } from "@/app/_ui/format";
import type { ClassBalanceRow } from "@/contracts/dashboards";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX } from "./chartStyle";

const ROW_HEIGHT = 22;
const SHOWN_MAX = 25;
const AXES_HEIGHT = 62;
/** Names take at most this share of the width. */
const NAMES_SHARE = 0.45;
/** Mean width of a character of the axis. */
const CHARACTER_PX = 6.2;

/** Labels per class, with the unbiased share by the audit sample as a point with its interval. */
export function ClassBalanceChart({
  rows,
  hrefOf,
}: {
  rows: ClassBalanceRow[];
  /** The items that carry a label. */
  hrefOf: (label: string) => string;
}) {
  const sorted = useMemo(() => [...rows].sort((a, b) => b.labels - a.labels), [rows]);
  const hasLabels = rows.some((r) => r.labels > 0);
  const shown = useMemo(() => sorted.slice(0, SHOWN_MAX), [sorted]);
  const plot = useCallback((width: number) => plotBalance(shown, width, hrefOf), [shown, hrefOf]);
  const table = useMemo(
    () => ({
      columns: ["Class", "Labels", "Share", "Audit share", "Lower", "Upper", "Predicted share"],
      rows: hasLabels
        ? sorted.map((r) => [
            { value: r.title, href: hrefOf(r.label) },
            r.labels,
            r.share,
            r.auditShare?.value ?? null,
            r.auditShare?.lower ?? null,
            r.auditShare?.upper ?? null,
            r.predictedShare,
          ])
        : [],
    }),
    [sorted, hasLabels, hrefOf],
  );
  const left = rows.length - shown.length;
  return (
    <Chart
      title="Class balance"
      description={`Labels given, beside the share in the whole pool by the audit sample (95 % interval).${left > 0 ? ` The ${SHOWN_MAX} largest of ${rows.length} classes; the numbers have all.` : ""}`}
      plot={plot}
      table={table}
      fileName="class-balance"
      height={Math.max(140, shown.length * ROW_HEIGHT + AXES_HEIGHT)}
      legend={[
        { name: "Labels given", color: "var(--series-1)", shape: "bar" },
        ...(rows.some((r) => r.auditShare)
          ? [{ name: "Pool, by the audit sample", color: "var(--series-2)", shape: "dot" as const }]
          : []),
        ...(rows.some((r) => r.predictedShare !== null)
          ? [{ name: "Pool, by the model", color: "var(--series-3)", shape: "ring" as const }]
          : []),
      ]}
      empty="No labels yet."
    />
  );
}

function plotBalance(shown: ClassBalanceRow[], width: number, hrefOf: (label: string) => string): Plot.PlotOptions {
  const isNarrow = width < NARROW_PX;
  const nShown = Math.floor((width * NAMES_SHARE) / CHARACTER_PX);
  const nLongest = shown.reduce((most, r) => Math.max(most, Math.min(r.title.length, nShown)), 0);
  const audited = shown.filter((r) => r.auditShare !== null);
  return {
    marginLeft: Math.max(48, nLongest * CHARACTER_PX + 12),
    marginRight: 12,
    marginBottom: 38,
    marginTop: 12,
    x: { label: "Share", tickFormat: (v: number) => `${Math.round(v * 100)} %`, grid: true, ticks: isNarrow ? 4 : 6 },
    y: { label: null, domain: shown.map((r) => r.title), tickSize: 0, tickFormat: (t: string) => shorten(t, nShown) },
    marks: [
      Plot.barX(shown, {
        x: "share",
        y: "title",
        fill: "var(--series-1)",
        fillOpacity: 0.8,
        insetTop: 3,
        insetBottom: 3,
        href: (r: ClassBalanceRow) => hrefOf(r.label),
      }),
      Plot.ruleX([0], { stroke: "var(--line-strong)" }),
      Plot.link(audited, {
        x1: (r: ClassBalanceRow) => r.auditShare?.lower ?? r.auditShare?.value,
        x2: (r: ClassBalanceRow) => r.auditShare?.upper ?? r.auditShare?.value,
        y1: "title",
        y2: "title",
        stroke: "var(--series-2)",
        strokeWidth: 2,
      }),
      Plot.dot(audited, {
        x: (r: ClassBalanceRow) => r.auditShare?.value,
        y: "title",
        fill: "var(--series-2)",
        r: 3.5,
      }),
      Plot.dot(shown, {
        filter: (r: ClassBalanceRow) => r.predictedShare !== null,
        x: "predictedShare",
        y: "title",
        stroke: "var(--series-3)",
        strokeWidth: 1.5,
        r: 3.5,
      }),
      Plot.tip(shown, Plot.pointerY({ x: "share", y: "title", title: tipText, ...CHART_TIP })),
    ],
  };
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function tipText(r: ClassBalanceRow): string {
  const lines = [r.title, `${countOf(r.labels, "label")}, ${formatPercent(r.share)}`];
  if (r.auditShare) lines.push(`pool by audit ${formatPercent(r.auditShare.value)} (n = ${r.auditShare.n})`);
  if (r.predictedShare !== null) lines.push(`pool by the model ${formatPercent(r.predictedShare)}`);
  return lines.join("\n");
}
