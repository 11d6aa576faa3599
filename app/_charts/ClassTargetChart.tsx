"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { countOf, formatNumber } from "@/app/_ui/format";
import type { TailorPageView } from "@/contracts/acquisition";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX } from "./chartStyle";
import { nameMargin, shorten } from "./nameAxis";

const SHOWN_MAX = 25;
const ROW_HEIGHT = 24;
const AXES_HEIGHT = 62;

interface Row {
  title: string;
  count: number;
  target: number | null;
  weight: number;
  worth: string;
  text: string;
}

/** Labelled items of each class against an equal share, and what a further label of it is worth. */
export function ClassTargetChart({ view, isBalanced }: { view: TailorPageView; isBalanced: boolean }) {
  const rows = useMemo(() => rowsOf(view, isBalanced), [view, isBalanced]);
  const shown = useMemo(() => rows.slice(0, SHOWN_MAX), [rows]);
  const plot = useCallback((width: number) => plotRows(shown, width), [shown]);
  const table = useMemo(
    () => ({
      columns: ["Class", "Labels", "Equal share", "Worth of a label"],
      rows: rows.map((row) => [row.title, row.count, row.target, row.weight]),
    }),
    [rows],
  );
  return (
    <Chart
      title="Classes and what they are worth"
      description={`Labels when the last round began${isBalanced ? ", against an equal share (line)" : ""}; at the right, the worth v of one more.`}
      plot={plot}
      table={table}
      fileName="tailor-classes"
      height={Math.max(130, shown.length * ROW_HEIGHT + AXES_HEIGHT)}
      legend={[
        { name: "Labels", color: "var(--series-1)", shape: "bar" },
        ...(isBalanced ? [{ name: "Equal share", color: "var(--series-2)", shape: "line" as const }] : []),
      ]}
      empty="No labels yet."
    />
  );
}

function rowsOf(view: TailorPageView, isBalanced: boolean): Row[] {
  const total = view.classCounts.reduce((sum, count) => sum + count, 0);
  return view.classes
    .map((title, k) => {
      const [count, weight] = [view.classCounts[k] ?? 0, view.weights[k] ?? 0];
      const worth = weight < 0 ? "enough of it" : `v = ${formatNumber(weight, 2)}`;
      const target = isBalanced ? total / view.classes.length : null;
      return { title, count, weight, target, worth, text: `${title}\n${countOf(count, "label")}\n${worth}` };
    })
    .sort((a, b) => b.weight - a.weight);
}

function plotRows(shown: Row[], width: number): Plot.PlotOptions {
  const { marginLeft, length } = nameMargin(
    shown.map(({ title }) => title),
    width,
  );
  return {
    marginLeft,
    marginRight: 76,
    marginBottom: 38,
    marginTop: 12,
    x: { label: "Labelled items", grid: true, ticks: width < NARROW_PX ? 3 : 6 },
    y: {
      label: null,
      domain: shown.map(({ title }) => title),
      tickSize: 0,
      tickFormat: (t: string) => shorten(t, length),
    },
    marks: [
      Plot.barX(shown, {
        x: "count",
        y: "title",
        fill: "var(--series-1)",
        fillOpacity: 0.85,
        insetTop: 3,
        insetBottom: 3,
      }),
      Plot.tickX(
        shown.filter(({ target }) => target !== null),
        { x: "target", y: "title", stroke: "var(--series-2)", strokeWidth: 2.5 },
      ),
      Plot.text(shown, {
        y: "title",
        text: "worth",
        frameAnchor: "right",
        textAnchor: "start",
        dx: 6,
        fill: "currentColor",
      }),
      Plot.ruleX([0], { stroke: "var(--line-strong)" }),
      Plot.tip(shown, Plot.pointerY({ x: "count", y: "title", title: "text", ...CHART_TIP })),
    ],
  };
}
