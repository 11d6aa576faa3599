"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { countOf, formatNumber, formatPercent } from "@/app/_ui/format";
import type { SelectionWorksView } from "@/contracts/dashboards";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX } from "./chartStyle";

/** Half the width of the only bar when all scores are the same. */
const POINT_HALF_WIDTH = 5e-4;
const ORDER = { lower: " (lowest first)", higher: " (highest first)" };

interface Bar {
  x1: number;
  x2: number;
  picked: number;
  pool: number;
  top: number;
  text: string;
}

/** Where the scores of a round's picks lie, among those of the whole pool where these are known. */
export function ScoreHistogram({ view, better }: { view: SelectionWorksView; better: "lower" | "higher" | null }) {
  const { histogram, nPool } = view;
  const bars = useMemo(() => makeBars(histogram, nPool), [histogram, nPool]);
  const order = better === null ? "" : ORDER[better];
  const plot = useCallback(
    (width: number) => plotScores(bars, nPool !== null, `Score${order}`, width),
    [bars, nPool, order],
  );
  const table = useMemo(
    () => ({
      columns: ["Score from", "to", "Picks", ...(nPool === null ? [] : ["Pool"])],
      rows: histogram.map((b) => [b.from, b.to, b.picked, ...(nPool === null ? [] : [b.pool])]),
    }),
    [histogram, nPool],
  );
  return (
    <Chart
      title={view.round === null ? "Scores" : `Scores of round ${view.round}`}
      description={
        nPool === null
          ? "A strategy that works gives different items different scores."
          : "A strategy that works picks from one end of the pool's scores."
      }
      plot={plot}
      table={table}
      fileName={view.round === null ? "scores" : `scores-round-${view.round}`}
      height={190}
      legend={[
        { name: "Picks", color: "var(--series-1)", shape: "bar" },
        ...(nPool === null
          ? []
          : [{ name: `Pool (${formatNumber(nPool)} items)`, color: "var(--line-strong)", shape: "bar" as const }]),
      ]}
      empty={
        view.round === null
          ? "Nothing chosen yet."
          : "This round was drawn without scores; they appear once a model ranks the pool."
      }
    />
  );
}

/** Bars of counts, or, where the pool is known, of shares, so that few picks and many items fit one axis. */
function makeBars(histogram: SelectionWorksView["histogram"], nPool: number | null): Bar[] {
  const nPicked = histogram.reduce((sum, bin) => sum + bin.picked, 0);
  const digits = 3;
  return histogram.map((bin) => {
    const pad = bin.to > bin.from ? 0 : POINT_HALF_WIDTH;
    const picked = nPool === null ? bin.picked : bin.picked / Math.max(1, nPicked);
    const pool = nPool === null || bin.pool === null ? 0 : bin.pool / Math.max(1, nPool);
    const range =
      pad > 0
        ? bin.from.toPrecision(digits)
        : `${Number(bin.from.toPrecision(digits))} to ${Number(bin.to.toPrecision(digits))}`;
    const inPool =
      nPool === null || bin.pool === null ? "" : `\n${countOf(bin.pool, "item")} of the pool (${formatPercent(pool)})`;
    const text = `Score ${range}\n${countOf(bin.picked, "pick")}${inPool}`;
    return { x1: bin.from - pad, x2: bin.to + pad, picked, pool, top: Math.max(picked, pool), text };
  });
}

function plotScores(bars: Bar[], isShare: boolean, label: string, width: number): Plot.PlotOptions {
  const bar = { x1: "x1", x2: "x2", y1: 0, insetLeft: 0.5, insetRight: 0.5 } as const;
  return {
    marginLeft: 42,
    marginRight: 8,
    marginBottom: 38,
    marginTop: 24,
    x: { label, ticks: width < NARROW_PX ? 5 : 8 },
    y: {
      label: isShare ? "Share of picks and of the pool" : "Picks",
      grid: true,
      nice: true,
      ticks: 4,
      tickFormat: isShare ? (v: number) => `${Math.round(v * 100)} %` : "d",
    },
    marks: [
      ...(isShare ? [Plot.rectY(bars, { ...bar, y2: "pool", fill: "var(--line-strong)", fillOpacity: 0.45 })] : []),
      Plot.rectY(bars, { ...bar, y2: "picked", fill: "var(--series-1)", fillOpacity: isShare ? 0.85 : 1 }),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      Plot.tip(bars, Plot.pointerX({ x1: "x1", x2: "x2", y: "top", title: "text", ...CHART_TIP })),
    ],
  };
}
