/** Colours of series in order, as CSS variables so that they follow the theme. The first is the project itself. */
export const SERIES_COLORS = [
  "var(--series-1)",
  "var(--series-2)",
  "var(--series-3)",
  "var(--series-4)",
  "var(--series-5)",
  "var(--series-6)",
] as const;

/** Charts narrower than this show fewer ticks. */
export const NARROW_PX = 480;

/** The look of tooltips. */
export const CHART_TIP = {
  fill: "var(--raised)",
  stroke: "var(--line-strong)",
  fontSize: 12,
  lineHeight: 1.25,
  lineWidth: 22,
  pathFilter: "none",
} as const;
