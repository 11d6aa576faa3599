"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { formatPercent } from "@/app/_ui/format";
import type { AuditComparisonView } from "@/contracts/acquisition";
import type { Measured } from "@/contracts/dashboards";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX } from "./chartStyle";
import { nameMargin, shorten } from "./nameAxis";

const SHOWN_MAX = 15;
const ROW_HEIGHT = 34;
const AXES_HEIGHT = 64;
const SERIES = [
  { key: "strategy", name: "Picks of the strategy", color: "var(--series-1)", offset: -5 },
  { key: "audit", name: "Random audits", color: "var(--series-2)", offset: 5 },
] as const;

interface Point {
  title: string;
  value: number;
  low: number;
  high: number;
  color: string;
  text: string;
}

/** Share of labels of each class among the strategy's picks and among audits, with 95 % intervals. */
export function AuditComparisonChart({ view }: { view: AuditComparisonView | null }) {
  const classes = useMemo(() => sortByDifference(view?.classes ?? []), [view]);
  const shown = useMemo(() => classes.slice(0, SHOWN_MAX), [classes]);
  const plot = useCallback((width: number) => plotShares(shown, width), [shown]);
  const table = useMemo(
    () => ({
      columns: ["Class", "Strategy", "Lower", "Upper", "Labels", "Audits", "Lower ", "Upper ", "Labels "],
      rows: classes
        .filter((row) => row.strategy !== null || row.audit !== null)
        .map((row) => [row.title, ...numbersOf(row.strategy), ...numbersOf(row.audit)]),
    }),
    [classes],
  );
  const left = classes.length - shown.length;
  return (
    <Chart
      title="Labels of each class per 100"
      description={`Found by the strategy and by random audits of the same rounds; lines are 95 % intervals.${left > 0 ? ` The ${SHOWN_MAX} classes that differ most; the numbers have all.` : ""}`}
      plot={plot}
      table={table}
      fileName="strategy-and-audits"
      height={Math.max(150, shown.length * ROW_HEIGHT + AXES_HEIGHT)}
      legend={SERIES.map(({ name, color }) => ({ name, color, shape: "dot" as const }))}
      empty="No label on a pick of the strategy yet: it takes over once a model has learnt enough."
    />
  );
}

function sortByDifference(classes: AuditComparisonView["classes"]): AuditComparisonView["classes"] {
  const difference = (row: (typeof classes)[number]) => Math.abs((row.strategy?.value ?? 0) - (row.audit?.value ?? 0));
  return [...classes].sort((a, b) => difference(b) - difference(a));
}

function numbersOf(measured: Measured | null): (number | null)[] {
  if (measured === null) return [null, null, null, null];
  return [measured.value, measured.lower, measured.upper, measured.n];
}

function plotShares(shown: AuditComparisonView["classes"], width: number): Plot.PlotOptions {
  const { marginLeft, length } = nameMargin(
    shown.map(({ title }) => title),
    width,
  );
  const x = { label: "Labels per 100 items", grid: true, ticks: width < NARROW_PX ? 4 : 6 };
  return {
    marginLeft,
    marginRight: 14,
    marginBottom: 38,
    marginTop: 12,
    x,
    y: {
      label: null,
      domain: shown.map(({ title }) => title),
      tickSize: 0,
      tickFormat: (t: string) => shorten(t, length),
    },
    marks: SERIES.flatMap(({ key, color, offset, name }) => {
      const points = shown.flatMap(({ title, [key]: measured }): Point[] => {
        if (measured === null) return [];
        const { value, lower, upper, n } = measured;
        const interval = lower === null || upper === null ? "" : `\n${formatPercent(lower)} to ${formatPercent(upper)}`;
        return [
          {
            ...{ title, color, value: value * 100 },
            low: (lower ?? value) * 100,
            high: (upper ?? value) * 100,
            text: `${title}\n${name}: ${formatPercent(value)} of ${n}${interval}`,
          },
        ];
      });
      return [
        Plot.link(points, {
          x1: "low",
          x2: "high",
          y1: "title",
          y2: "title",
          stroke: color,
          strokeWidth: 2,
          dy: offset,
        }),
        Plot.dot(points, { x: "value", y: "title", fill: color, r: 4, dy: offset }),
        Plot.tip(points, Plot.pointer({ x: "value", y: "title", title: "text", dy: offset, ...CHART_TIP })),
      ];
    }),
  };
}
