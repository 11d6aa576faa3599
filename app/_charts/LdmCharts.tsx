"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { countOf, formatPercent } from "@/app/_ui/format";
import type { LdmRoundView } from "@/contracts/acquisition";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX } from "./chartStyle";

/** The flip-flop score over the candidates of one round. */
export function LdmHistogram({ view }: { view: LdmRoundView }) {
  const bars = useMemo(() => barsOf(view), [view]);
  const plot = useCallback((width: number) => plotBars(bars, width), [bars]);
  const table = useMemo(
    () => ({ columns: ["LDM from", "to", "Items"], rows: bars.map((b) => [b.x1, b.x2, b.n]) }),
    [bars],
  );
  return (
    <Chart
      title={`Scores of round ${view.round}`}
      description={`${countOf(view.scored, "candidate")}; an LDM of 0.1 means: the nudge that turns this item's label turns a tenth of all labels. Low comes first.`}
      plot={plot}
      table={table}
      fileName={`ldm-round-${view.round}`}
      height={220}
      legend={[{ name: "Candidates", color: "var(--series-1)", shape: "bar" }]}
    />
  );
}

interface Bar {
  x1: number;
  x2: number;
  n: number;
  text: string;
}

function barsOf({ histogram: { lo, hi, counts } }: LdmRoundView): Bar[] {
  const step = (hi - lo) / Math.max(1, counts.length);
  return counts.map((n, i) => {
    const [x1, x2] = [lo + i * step, lo + (i + 1) * step];
    return { x1, x2, n, text: `LDM ${x1.toPrecision(3)} to ${x2.toPrecision(3)}\n${countOf(n, "item")}` };
  });
}

function plotBars(bars: Bar[], width: number): Plot.PlotOptions {
  return {
    marginLeft: 46,
    marginRight: 10,
    marginBottom: 38,
    marginTop: 22,
    x: { label: "LDM, share of labels that change", ticks: width < NARROW_PX ? 5 : 8 },
    y: { label: "Candidates", grid: true, ticks: 4, nice: true },
    marks: [
      Plot.rectY(bars, {
        x1: "x1",
        x2: "x2",
        y1: 0,
        y2: "n",
        fill: "var(--series-1)",
        insetLeft: 0.5,
        insetRight: 0.5,
      }),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      Plot.tip(bars, Plot.pointerX({ x1: "x1", x2: "x2", y: "n", title: "text", ...CHART_TIP })),
    ],
  };
}

const ENDS = [
  { key: "shareLowest", name: "At 0, where any nudge turns them", color: "var(--series-1)" },
  { key: "shareHighest", name: "At 1, where no nudge turned them", color: "var(--series-2)" },
] as const;

/** Shares of the candidates at both ends of the score, round by round. Counts of all candidates: no sampling error. */
export function LdmEndsChart({ rounds }: { rounds: LdmRoundView[] }) {
  const points = useMemo(
    () =>
      ENDS.flatMap(({ key, name, color }) =>
        rounds.map((view) => ({
          ...{ round: view.round, name, color, value: view[key] },
          text: `Round ${view.round}\n${name}: ${formatPercent(view[key])}`,
        })),
      ),
    [rounds],
  );
  const plot = useCallback(
    (width: number): Plot.PlotOptions => ({
      marginLeft: 46,
      marginRight: 10,
      marginBottom: 38,
      marginTop: 22,
      color: { type: "identity" },
      x: {
        label: "Round",
        ticks: Math.min(rounds.length, width < NARROW_PX ? 5 : 10),
        tickFormat: (v: number) => (Number.isInteger(v) ? String(v) : ""),
      },
      y: {
        label: "Share of candidates",
        grid: true,
        ticks: 4,
        zero: true,
        tickFormat: (v: number) => formatPercent(v),
      },
      marks: [
        Plot.lineY(points, { x: "round", y: "value", stroke: "color", z: "name", strokeWidth: 2 }),
        Plot.dot(points, { x: "round", y: "value", fill: "color", r: 3 }),
        Plot.tip(points, Plot.pointer({ x: "round", y: "value", title: "text", ...CHART_TIP })),
      ],
    }),
    [points, rounds.length],
  );
  const table = useMemo(
    () => ({
      columns: ["Round", "Share at 0", "Share at 1", "Hypotheses", "Candidates"],
      rows: rounds.map((view) => [
        ...[view.round, view.shareLowest, view.shareHighest],
        ...[view.facts.hypotheses ?? null, view.scored],
      ]),
    }),
    [rounds],
  );
  return (
    <Chart
      title="Both ends of the score"
      description="Many items at 1: the nudges were too few or too small to tell the rest of the pool apart."
      plot={plot}
      table={table}
      fileName="ldm-ends"
      height={220}
      legend={ENDS.map(({ name, color }) => ({ name, color, shape: "line" as const }))}
    />
  );
}
