"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { formatNumber, formatPercent } from "@/app/_ui/format";
import type { TailorPageView } from "@/contracts/acquisition";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX, SERIES_COLORS } from "./chartStyle";
import { nameMargin, shorten } from "./nameAxis";

const CLASSES_MAX = 4;
const ARMS_MAX = 12;
const CELL_HEIGHT = 16;
const ARM_GAP = 12;
const AXES_HEIGHT = 62;

interface Cell {
  arm: string;
  className: string;
  mean: number;
  low: number;
  high: number;
  offset: number;
  color: string;
  text: string;
}

/** What TAILOR believes each arm finds, class by class, with 90 % intervals; arms in the order of expected reward. */
export function BeliefChart({ view, nameOf }: { view: TailorPageView; nameOf: (armId: string) => string }) {
  const shownClasses = useMemo(() => mostWanted(view), [view]);
  const arms = useMemo(() => view.arms.slice(0, ARMS_MAX), [view]);
  const plot = useCallback(
    (width: number) => plotBelief(view, arms, shownClasses, nameOf, width),
    [view, arms, shownClasses, nameOf],
  );
  const table = useMemo(
    () => ({
      columns: [
        "Arm",
        "Class",
        "Expected share",
        "Lower (90 %)",
        "Upper (90 %)",
        "Labels it rests on",
        "Expected reward",
      ],
      rows: view.arms.flatMap((arm) =>
        arm.cells.map((cell, k) => [
          nameOf(arm.id),
          view.classes[k] ?? String(k),
          cell.mean,
          cell.low,
          cell.high,
          cell.effective,
          arm.expectedReward,
        ]),
      ),
    }),
    [view, nameOf],
  );
  const cut = view.classes.length - shownClasses.length;
  return (
    <Chart
      title="Belief: what each arm finds"
      description={`Expected share of the class among an arm's picks, with its 90 % interval; the most rewarding arm on top.${cut > 0 ? ` The ${CLASSES_MAX} classes that are worth most; the numbers have all ${view.classes.length}.` : ""}`}
      plot={plot}
      table={table}
      fileName="tailor-belief"
      height={arms.length * (shownClasses.length * CELL_HEIGHT + ARM_GAP) + AXES_HEIGHT}
      legend={shownClasses.map((k, i) => ({
        name: view.classes[k] ?? String(k),
        color: SERIES_COLORS[i % SERIES_COLORS.length],
        shape: "dot" as const,
      }))}
    />
  );
}

function mostWanted({ weights }: TailorPageView): number[] {
  return weights
    .map((_, k) => k)
    .sort((a, b) => weights[b] - weights[a])
    .slice(0, CLASSES_MAX);
}

function plotBelief(
  view: TailorPageView,
  arms: TailorPageView["arms"],
  classes: number[],
  nameOf: (armId: string) => string,
  width: number,
): Plot.PlotOptions {
  const names = arms.map((arm) => nameOf(arm.id));
  const { marginLeft, length } = nameMargin(names, width);
  const cells = arms.flatMap((arm) =>
    classes.map((k, i): Cell => {
      const { mean, low, high, effective } = arm.cells[k];
      const interval = low === null || high === null ? "" : `\n${formatPercent(low)} to ${formatPercent(high)} (90 %)`;
      const className = view.classes[k] ?? String(k);
      return {
        ...{ arm: nameOf(arm.id), className, mean },
        low: low ?? mean,
        high: high ?? mean,
        offset: (i - (classes.length - 1) / 2) * CELL_HEIGHT,
        color: SERIES_COLORS[i % SERIES_COLORS.length],
        text: `${nameOf(arm.id)}, ${className}\n${formatPercent(mean)}${interval}\nrests on ${formatNumber(effective, 1)} labels`,
      };
    }),
  );
  return {
    marginLeft,
    marginRight: 14,
    marginBottom: 38,
    marginTop: 12,
    x: {
      label: "Expected share of the class",
      domain: [0, 1],
      grid: true,
      ticks: width < NARROW_PX ? 4 : 6,
      tickFormat: (v: number) => `${Math.round(v * 100)} %`,
    },
    y: { label: null, domain: names, tickSize: 0, tickFormat: (t: string) => shorten(t, length) },
    marks: classes.flatMap((_, i) => {
      const row = cells.filter((_cell, at) => at % classes.length === i);
      const dy = row[0]?.offset ?? 0;
      const color = row[0]?.color ?? SERIES_COLORS[0];
      return [
        Plot.link(row, { x1: "low", x2: "high", y1: "arm", y2: "arm", stroke: color, strokeWidth: 2, dy }),
        Plot.dot(row, { x: "mean", y: "arm", fill: color, r: 4, dy }),
        Plot.tip(row, Plot.pointer({ x: "mean", y: "arm", title: "text", dy, ...CHART_TIP })),
      ];
    }),
  };
}
