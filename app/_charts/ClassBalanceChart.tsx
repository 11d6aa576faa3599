"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import type { ClassBalanceRow } from "@/contracts/dashboards";
import { Chart } from "./Chart";

const ROW_HEIGHT = 22;
const SHOWN_MAX = 25;

/** Labels per class, with the unbiased share by the audit sample as a tick with its interval. */
export function ClassBalanceChart({ rows }: { rows: ClassBalanceRow[] }) {
  const shown = useMemo(() => [...rows].sort((a, b) => b.labels - a.labels).slice(0, SHOWN_MAX), [rows]);
  const plot = useCallback(
    (width: number): Plot.PlotOptions => ({
      marginLeft: Math.min(220, width * 0.42),
      marginBottom: 36,
      x: {
        label: "Share of labels",
        tickFormat: (v: number) => `${Math.round(v * 100)} %`,
        grid: true,
        ticks: width < 500 ? 4 : 6,
      },
      y: {
        label: null,
        domain: shown.map((r) => r.title),
        tickFormat: (t: string) => shorten(t, width < 500 ? 20 : 32),
      },
      marks: [
        Plot.barX(shown, {
          x: "share",
          y: "title",
          fill: "var(--series-1)",
          fillOpacity: 0.8,
          insetTop: 3,
          insetBottom: 3,
          tip: { fill: "var(--raised)", stroke: "var(--line)" },
          title: tipText,
        }),
        Plot.link(
          shown.filter((r) => r.auditShare?.lower != null),
          {
            x1: (r: ClassBalanceRow) => r.auditShare?.lower,
            x2: (r: ClassBalanceRow) => r.auditShare?.upper,
            y1: "title",
            y2: "title",
            stroke: "var(--series-2)",
            strokeWidth: 2,
          },
        ),
        Plot.dot(
          shown.filter((r) => r.auditShare),
          { x: (r: ClassBalanceRow) => r.auditShare?.value, y: "title", fill: "var(--series-2)", r: 3 },
        ),
      ],
    }),
    [shown],
  );
  const table = useMemo(
    () => ({
      columns: ["Class", "Labels", "Share", "Audit share", "Lower", "Upper", "Predicted share"],
      rows: rows.map((r) => [
        r.title,
        r.labels,
        r.share,
        r.auditShare?.value ?? null,
        r.auditShare?.lower ?? null,
        r.auditShare?.upper ?? null,
        r.predictedShare,
      ]),
    }),
    [rows],
  );
  const hidden = rows.length - shown.length;
  return (
    <Chart
      title="Class balance"
      description={`Bars: labels given. Points: share in the pool by the audit sample, with 95 % Wilson interval.${hidden > 0 ? ` The ${SHOWN_MAX} largest of ${rows.length} classes; the table has all.` : ""}`}
      plot={plot}
      table={rows.some((r) => r.labels > 0) ? table : { columns: table.columns, rows: [] }}
      fileName="class-balance"
      height={Math.max(160, shown.length * ROW_HEIGHT + 60)}
      legend={[
        { name: "Labels given", color: "var(--series-1)" },
        { name: "Pool by audit", color: "var(--series-2)" },
      ]}
      empty="No labels yet."
    />
  );
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function tipText(r: ClassBalanceRow): string {
  const audit = r.auditShare
    ? `\npool by audit: ${(r.auditShare.value * 100).toFixed(1)} % (n = ${r.auditShare.n})`
    : "";
  return `${r.title}\n${r.labels} labels, ${(r.share * 100).toFixed(1)} %${audit}`;
}
