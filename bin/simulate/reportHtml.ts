import type { DataSet } from "./dataSet";
import { escapeHtml, lineChart } from "./lineChart";
import type { SimulationPlan } from "./simulateRun";
import type { CurvePoint, SimulationSummary } from "./summarizeRuns";
import { SIGNIFICANCE } from "./summarizeRuns";

export interface ReportFacts {
  readonly data: DataSet;
  readonly plan: SimulationPlan;
  readonly repetitions: number;
  readonly model: string;
  readonly command: string;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; font-size: 12px; } svg text { fill: currentColor; } .title { font-size: 14px; font-weight: 600; }
.tick line { stroke: var(--line); } table { border-collapse: collapse; margin: .5rem 0 1.5rem; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: right; } th:first-child, td:first-child { text-align: left; }
code { overflow-wrap: anywhere; } .better { font-weight: 700; } .note { opacity: .8; }`;

/** The whole report as one page without scripts or outside files. */
export function reportHtml(facts: ReportFacts, summary: SimulationSummary): string {
  const { data, plan, repetitions, model } = facts;
  const band = (points: readonly CurvePoint[]) =>
    points.map((point) => ({ x: point.labels, y: point.mean, low: point.interval?.low, high: point.interval?.high }));
  const title = `Strategies on ${data.name}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>${data.n} rows, ${data.d} features, ${data.classes.length} classes; ${escapeHtml(model)}; ${plan.initial} labels at the start,
${plan.batch} per round, ${plan.rounds} rounds; ${repetitions} repetitions with the same splits and starts for every strategy;
${Math.round(100 * plan.testShare)} % of the rows held out. Bands are 95 % Student intervals of the mean over the repetitions.</p>
<p class="note"><code>${escapeHtml(facts.command)}</code></p>
${data.notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join("\n")}
${summary.identicalArms.map((arms) => `<p><strong>The same arm:</strong> ${escapeHtml(arms.join(", "))} labelled the same rows in every repetition.</p>`).join("\n")}
${chartOf(summary, (entry) => band(entry.accuracy), "Accuracy on held-out rows", "accuracy")}
${chartOf(summary, (entry) => band(entry.macroF1), "Macro-F1 on held-out rows", "macro-F1")}
<h2>Mean height of the accuracy curve</h2>
${areaTable(summary)}
<h2>Pairs</h2>
<p>Difference of the mean heights, row minus column, in points (hundredths), over paired repetitions. <span class="better">Bold</span>:
Holm-adjusted p below ${SIGNIFICANCE}.</p>
${pairTable(summary)}
<h2>Points of the curve won</h2>
<p>Share of the curve's points at which the row is better than the column by a paired t-test at ${SIGNIFICANCE}.</p>
${matrixTable(
  summary.strategies.map((entry) => entry.strategy),
  summary.penalty.map((row) => row.map((value) => value.toFixed(2))),
)}
<h2>Labels to reach the final accuracy of ${escapeHtml(summary.profile.baseline)}</h2>
${lineChart(
  summary.profile.curves.map((curve) => ({
    name: curve.strategy,
    isStepped: true,
    points: curve.points.map((point) => ({ x: point.tau, y: point.share })),
  })),
  {
    title: "Performance profile",
    xLabel: "labels needed, relative to the best strategy of the repetition",
    yLabel: "share of repetitions",
    xUnit: "times the best",
  },
)}
<h2>Accuracy, all points</h2>
${curveTable(summary)}
</body></html>
`;
}

function chartOf(
  summary: SimulationSummary,
  points: (entry: SimulationSummary["strategies"][number]) => { x: number; y: number; low?: number; high?: number }[],
  title: string,
  yLabel: string,
): string {
  const lines = summary.strategies.map((entry) => ({ name: entry.strategy, points: points(entry) }));
  return lineChart(lines, { title, xLabel: "labelled rows", yLabel, xUnit: "labels" });
}

function areaTable(summary: SimulationSummary): string {
  const rows = summary.strategies.map(({ strategy, area, selectSecondsMean, roundsNotOk }) => [
    strategy,
    area.mean.toFixed(4),
    area.interval === null ? "–" : `${area.interval.low.toFixed(4)} to ${area.interval.high.toFixed(4)}`,
    selectSecondsMean.toFixed(3),
    String(roundsNotOk),
  ]);
  return table(
    [
      "strategy",
      "mean accuracy",
      "95 % interval",
      "seconds selecting, per repetition",
      "rounds with a fallback or short",
    ],
    rows,
  );
}

function pairTable(summary: SimulationSummary): string {
  const names = summary.strategies.map((entry) => entry.strategy);
  const cell = (a: string, b: string): string => {
    if (a === b) return "";
    const pair = summary.pairs.find((entry) => entry.a === a && entry.b === b);
    const found = pair ?? summary.pairs.find((entry) => entry.a === b && entry.b === a)!;
    const text = `${(100 * (pair ? found.difference : -found.difference)).toFixed(2)}`;
    return found.pAdjusted !== null && found.pAdjusted < SIGNIFICANCE ? `<span class="better">${text}</span>` : text;
  };
  return matrixTable(
    names,
    names.map((a) => names.map((b) => cell(a, b))),
  );
}

function curveTable(summary: SimulationSummary): string {
  const names = summary.strategies.map((entry) => entry.strategy);
  const rows = summary.strategies[0].accuracy.map((point, i) => [
    String(point.labels),
    ...summary.strategies.map((entry) => entry.accuracy[i].mean.toFixed(4)),
  ]);
  return table(["labels", ...names], rows);
}

function matrixTable(names: readonly string[], cells: readonly (readonly string[])[]): string {
  return table(
    ["", ...names],
    names.map((name, i) => [name, ...cells[i]]),
  );
}

/** The first cell of a row is text, the others are HTML made here. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${line(head.map(escapeHtml), "th")}</thead><tbody>${rows.map(([name, ...cells]) => line([escapeHtml(name), ...cells], "td")).join("")}</tbody></table>`;
}
