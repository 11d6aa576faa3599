"use client";
import * as Plot from "@observablehq/plot";
import { useCallback, useMemo } from "react";
import { countOf, formatPercent } from "@/app/_ui/format";
import type { TailorPageView } from "@/contracts/acquisition";
import { Chart } from "./Chart";
import { CHART_TIP, NARROW_PX, SERIES_COLORS } from "./chartStyle";

const OTHERS = "Other arms";
const OTHERS_COLOR = "var(--line-strong)";

interface Part {
  round: number;
  arm: string;
  value: number;
  text: string;
}

const WORDS = {
  best: {
    title: "Probability of being the best arm",
    description: "By the belief each round began with. One broad band: TAILOR has settled; many: it is still trying.",
    axis: "Probability",
    fileName: "tailor-chances",
  },
  pulls: {
    title: "Places filled by each arm",
    description: "How many items of every round each arm chose.",
    axis: "Items",
    fileName: "tailor-pulls",
  },
} as const;

/** One number per arm and round, stacked. */
export function ArmHistoryChart({
  view,
  what,
  nameOf,
}: {
  view: TailorPageView;
  what: keyof typeof WORDS;
  nameOf: (armId: string) => string;
}) {
  const words = WORDS[what];
  const arms = useMemo(() => largestArms(view, what), [view, what]);
  const parts = useMemo(() => partsOf(view, what, arms, nameOf), [view, what, arms, nameOf]);
  const names = useMemo(() => namesOf(view, arms, nameOf), [view, arms, nameOf]);
  const plot = useCallback(
    (width: number) => plotParts(parts, names, what, words.axis, width),
    [parts, names, what, words.axis],
  );
  const table = useMemo(
    () => ({
      columns: ["Round of TAILOR", "Arm", words.axis],
      rows: view.rounds.flatMap((round) => round.arms.map((arm) => [round.round, nameOf(arm.id), arm[what]])),
    }),
    [view, what, words.axis, nameOf],
  );
  return (
    <Chart
      {...words}
      plot={plot}
      table={table}
      height={230}
      legend={names.map((name, i) => ({ name, color: colorOf(name, i), shape: "bar" as const }))}
    />
  );
}

function colorOf(name: string, i: number): string {
  return name === OTHERS ? OTHERS_COLOR : SERIES_COLORS[i % SERIES_COLORS.length];
}

/** The arms that have a colour of their own. */
function largestArms({ rounds }: TailorPageView, what: "best" | "pulls"): string[] {
  const totals = new Map<string, number>();
  for (const { arms } of rounds) for (const arm of arms) totals.set(arm.id, (totals.get(arm.id) ?? 0) + arm[what]);
  return [...totals]
    .sort((a, b) => b[1] - a[1])
    .slice(0, SERIES_COLORS.length)
    .map(([id]) => id);
}

function namesOf({ rounds }: TailorPageView, arms: string[], nameOf: (id: string) => string): string[] {
  const hasOthers = rounds.some((round) => round.arms.some((arm) => !arms.includes(arm.id)));
  return [...arms.map(nameOf), ...(hasOthers ? [OTHERS] : [])];
}

function partsOf(
  { rounds }: TailorPageView,
  what: "best" | "pulls",
  shown: string[],
  nameOf: (id: string) => string,
): Part[] {
  return rounds.flatMap(({ round, arms }) => {
    const value = (id: string) => arms.find((arm) => arm.id === id)?.[what] ?? 0;
    const others = arms.filter((arm) => !shown.includes(arm.id)).reduce((sum, arm) => sum + arm[what], 0);
    const word = (v: number) => (what === "best" ? formatPercent(v) : countOf(v, "item"));
    const part = (arm: string, v: number): Part => ({
      round,
      arm,
      value: v,
      text: `Round ${round}\n${arm}: ${word(v)}`,
    });
    return [...shown.map((id) => part(nameOf(id), value(id))), part(OTHERS, others)];
  });
}

function plotParts(
  parts: Part[],
  names: string[],
  what: "best" | "pulls",
  axis: string,
  width: number,
): Plot.PlotOptions {
  const isShare = what === "best";
  const nRounds = new Set(parts.map(({ round }) => round)).size;
  const kept = parts.filter(({ arm }) => names.includes(arm));
  const channels = { x: "round", y: "value", fill: "arm", order: names } as const;
  // An area needs two rounds; pulls belong to one round each and are bars.
  const isArea = isShare && nRounds > 1;
  return {
    marginLeft: 42,
    marginRight: 10,
    marginBottom: 38,
    marginTop: 22,
    x: {
      label: "Round of TAILOR",
      ticks: Math.min(nRounds, width < NARROW_PX ? 5 : 10),
      tickFormat: (v: number) => (Number.isInteger(v) ? String(v) : ""),
    },
    y: { label: axis, grid: true, ticks: 4, tickFormat: isShare ? (v: number) => `${Math.round(v * 100)} %` : "d" },
    color: { domain: names, range: names.map(colorOf) },
    marks: [
      isArea
        ? Plot.areaY(kept, { ...channels, fillOpacity: 0.85 })
        : Plot.rectY(kept, {
            ...{ y: "value", fill: "arm", order: names, insetLeft: 0.5, insetRight: 0.5 },
            x1: (part: Part) => part.round - 0.5,
            x2: (part: Part) => part.round + 0.5,
          }),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      Plot.tip(
        kept,
        Plot.pointer(Plot.stackY({ x: "round", y: "value", z: "arm", order: names, title: "text", ...CHART_TIP })),
      ),
    ],
  };
}
