"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import type { SelectionWorksView } from "@/contracts/dashboards";
import { Chart } from "./Chart";

/** How the scores of a round's picks spread. */
export function ScoreHistogram({ view }: { view: SelectionWorksView }) {
  const bins = view.histogram;
  const plot = useCallback(
    (): Plot.PlotOptions => ({
      marginLeft: 44,
      marginBottom: 36,
      x: { label: "Score by the strategy" },
      y: { label: "Picks", grid: true, nice: true },
      marks: [
        Plot.rectY(bins, {
          x1: "from",
          x2: (b: (typeof bins)[number]) => (b.to > b.from ? b.to : b.from + 1e-3),
          y: "picked",
          fill: "var(--series-1)",
          insetLeft: 0.5,
          insetRight: 0.5,
          tip: { fill: "var(--raised)", stroke: "var(--line)" },
          title: (b: (typeof bins)[number]) => `${b.from.toPrecision(3)} to ${b.to.toPrecision(3)}\n${b.picked} picks`,
        }),
        Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      ],
    }),
    [bins],
  );
  const table = useMemo(
    () => ({ columns: ["From", "To", "Picks"], rows: bins.map((b) => [b.from, b.to, b.picked]) }),
    [bins],
  );
  return (
    <Chart
      title={view.round === null ? "Scores of the picks" : `Scores of the picks of round ${view.round}`}
      description="A strategy that works gives different items different scores."
      plot={plot}
      table={table}
      fileName="score-spread"
      height={200}
      empty="No scored round yet."
    />
  );
}
