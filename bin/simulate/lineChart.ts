/** One line of a chart; `low` and `high` draw a band around it. */
export interface ChartLine {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly low?: number; readonly high?: number }[];
  /** Horizontal, then vertical: for shares that jump. */
  readonly isStepped?: boolean;
}

export interface ChartLabels {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xUnit: string;
}

/** Colours that colour-blind readers tell apart (Okabe & Ito), repeated with dashes. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6e6e6e"];
const DASHES = ["", "6 3", "2 3"];

const WIDTH = 720;
const HEIGHT = 380;
const LEFT = 62;
const RIGHT = 16;
const TOP = 30;
const BOTTOM = 46;

/** A line chart as SVG text: axes with ticks and names, bands, points with their values as tooltips, a legend. */
export function lineChart(lines: readonly ChartLine[], labels: ChartLabels): string {
  const points = lines.flatMap((line) => line.points);
  const xs = points.map((point) => point.x);
  const ys = points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]);
  const xTicks = niceTicks(Math.min(...xs), Math.max(...xs));
  const yTicks = niceTicks(Math.min(...ys), Math.max(...ys));
  const [xLow, xHigh] = [Math.min(...xs, xTicks[0]), Math.max(...xs, xTicks[xTicks.length - 1])];
  const [yLow, yHigh] = [Math.min(...ys, yTicks[0]), Math.max(...ys, yTicks[yTicks.length - 1])];
  const x = (value: number) => LEFT + ((value - xLow) / (xHigh - xLow || 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - ((value - yLow) / (yHigh - yLow || 1)) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 22 * Math.ceil(lines.length / 3)}" role="img" aria-label="${escapeHtml(labels.title)}">`,
    `<text class="title" x="${LEFT}" y="18">${escapeHtml(labels.title)}</text>`,
    ...xTicks.map(
      (tick) =>
        `<g class="tick"><line x1="${f(x(tick))}" x2="${f(x(tick))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${f(x(tick))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick}</text></g>`,
    ),
    ...yTicks.map(
      (tick) =>
        `<g class="tick"><line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${f(y(tick))}" y2="${f(y(tick))}"/><text x="${LEFT - 6}" y="${f(y(tick) + 4)}" text-anchor="end">${tick}</text></g>`,
    ),
    `<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(labels.xLabel)}</text>`,
    `<text class="axis" transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(labels.yLabel)}</text>`,
    ...lines.map((line, i) => drawnLine(line, i, x, y, labels.xUnit)),
    ...lines.map((line, i) => {
      const at = { x: LEFT + (i % 3) * 215, y: HEIGHT + 12 + 22 * Math.floor(i / 3) };
      return `<g><line x1="${at.x}" x2="${at.x + 26}" y1="${at.y - 4}" y2="${at.y - 4}" ${strokeOf(i)}/><text x="${at.x + 32}" y="${at.y}">${escapeHtml(line.name)}</text></g>`;
    }),
    "</svg>",
  ];
  return parts.join("\n");
}

function drawnLine(
  line: ChartLine,
  i: number,
  x: (v: number) => number,
  y: (v: number) => number,
  unit: string,
): string {
  const { points } = line;
  const path = points
    .map((point, k) => {
      const corner = line.isStepped && k > 0 ? `H${f(x(point.x))}` : "";
      return `${corner}${k === 0 ? "M" : "L"}${f(x(point.x))} ${f(y(point.y))}`;
    })
    .join("");
  const high = points.map((point) => `${f(x(point.x))} ${f(y(point.high ?? point.y))}`);
  const low = [...points].reverse().map((point) => `${f(x(point.x))} ${f(y(point.low ?? point.y))}`);
  const hasBand = points.some((point) => point.low !== undefined);
  const band = hasBand
    ? `<path d="M${[...high, ...low].join("L")}Z" fill="${COLOURS[i % COLOURS.length]}" opacity="0.13"/>`
    : "";
  const dots = points.map(
    (point) =>
      `<circle cx="${f(x(point.x))}" cy="${f(y(point.y))}" r="2.5" fill="${COLOURS[i % COLOURS.length]}"><title>${escapeHtml(line.name)}, ${point.x} ${unit}: ${point.y.toFixed(4)}${point.low === undefined ? "" : ` (${point.low.toFixed(4)} to ${point.high!.toFixed(4)})`}</title></circle>`,
  );
  return `${band}<path d="${path}" fill="none" ${strokeOf(i)}/>${dots.join("")}`;
}

function strokeOf(i: number): string {
  const dash = DASHES[Math.floor(i / COLOURS.length) % DASHES.length];
  return `stroke="${COLOURS[i % COLOURS.length]}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}`;
}

/** About six round numbers from at or below `low` to at or above `high`. */
export function niceTicks(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= raw * 0.999)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(10)));
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function f(value: number): string {
  return value.toFixed(1);
}
