"use client";
import * as Plot from "@observablehq/plot";
import { Download, ImageDown, Table2 } from "lucide-react";
import type { ReactNode } from "react";
import { useEffect, useId, useRef, useState } from "react";
import type { ChartTable } from "./exportChart";
import { saveBlob, savePng, toCsv } from "./exportChart";

export interface ChartProps {
  title: string;
  /** One sentence for people who cannot see the chart, and under the title for those who can. */
  description: string;
  /** Plot's own options for a width; called again when width or data change. */
  plot(width: number): Plot.PlotOptions;
  table: ChartTable;
  /** Without extension. */
  fileName: string;
  height?: number;
  /** Shown instead of axes when there is nothing to draw. */
  empty?: ReactNode;
  legend?: { name: string; color: string; dashed?: boolean }[];
}

const DEFAULT_HEIGHT = 280;

/** A drawn series of numbers: labelled axes, tooltips, a table with the same numbers, PNG and CSV. Decides nothing. */
export function Chart({
  title,
  description,
  plot,
  table,
  fileName,
  height = DEFAULT_HEIGHT,
  empty,
  legend,
}: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [asTable, setAsTable] = useState(false);
  const titleId = useId();
  const isEmpty = table.rows.length === 0;

  useEffect(() => {
    const node = frame.current;
    if (!node) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);

  // Plot builds DOM by itself: React hands it an empty element and takes the result out again.
  useEffect(() => {
    const node = frame.current;
    if (!node || width === 0 || asTable || isEmpty) return;
    const drawing = Plot.plot({ width, height, style: { background: "transparent" }, ...plot(width) });
    drawing.setAttribute("aria-hidden", "true");
    node.append(drawing);
    return () => drawing.remove();
  }, [plot, width, height, asTable, isEmpty]);

  const buttonClass =
    "inline-flex size-8 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink disabled:opacity-40";
  return (
    <figure aria-labelledby={titleId} className="min-w-0">
      <figcaption className="mb-2 flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h3 id={titleId} className="font-medium text-ink">
            {title}
          </h3>
          <p className="text-sm text-ink-3">{description}</p>
        </div>
        <button
          type="button"
          className={buttonClass}
          aria-pressed={asTable}
          disabled={isEmpty}
          onClick={() => setAsTable(!asTable)}
          title={asTable ? "Show the chart" : "Show the numbers"}
          aria-label={`${title}: ${asTable ? "show the chart" : "show the numbers as a table"}`}
        >
          <Table2 className="size-4" aria-hidden />
        </button>
        <button
          type="button"
          className={buttonClass}
          disabled={isEmpty || asTable}
          onClick={() => {
            const svg = frame.current?.querySelector("svg");
            if (svg) void savePng(svg as SVGSVGElement, `${fileName}.png`);
          }}
          title="Save as PNG"
          aria-label={`${title}: save as PNG`}
        >
          <ImageDown className="size-4" aria-hidden />
        </button>
        <button
          type="button"
          className={buttonClass}
          disabled={isEmpty}
          onClick={() => saveBlob(new Blob([toCsv(table)], { type: "text/csv" }), `${fileName}.csv`)}
          title="Save as CSV"
          aria-label={`${title}: save as CSV`}
        >
          <Download className="size-4" aria-hidden />
        </button>
      </figcaption>
      {legend && !isEmpty && (
        <ul className="mb-1 flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-3">
          {legend.map((entry) => (
            <li key={entry.name} className="flex items-center gap-1.5">
              <svg width="18" height="8" aria-hidden>
                <title>{entry.name}</title>
                <line
                  x1="0"
                  x2="18"
                  y1="4"
                  y2="4"
                  stroke={entry.color}
                  strokeWidth="2.5"
                  strokeDasharray={entry.dashed ? "4 3" : undefined}
                />
              </svg>
              {entry.name}
            </li>
          ))}
        </ul>
      )}
      <div
        ref={frame}
        className="winnow-chart min-w-0 overflow-hidden text-ink"
        style={{ minHeight: asTable ? 0 : height }}
      >
        {isEmpty && (
          <div
            className="flex items-center justify-center rounded-lg border border-line border-dashed p-6 text-center text-ink-3 text-sm"
            style={{ minHeight: height }}
          >
            {empty ?? "Nothing to draw yet."}
          </div>
        )}
      </div>
      {asTable && !isEmpty && <ChartNumbers table={table} title={title} height={height} />}
    </figure>
  );
}

function ChartNumbers({ table, title, height }: { table: ChartTable; title: string; height: number }) {
  return (
    // tabIndex: a scrolling region must be reachable by keyboard.
    <section
      className="overflow-auto rounded-lg border border-line"
      style={{ maxHeight: height }}
      tabIndex={0}
      aria-label={`${title}, numbers`}
    >
      <table className="w-full text-sm tabular-nums">
        <thead className="sticky top-0 bg-surface">
          <tr>
            {table.columns.map((column) => (
              <th key={column} scope="col" className="px-3 py-1.5 text-left font-medium text-ink-3">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr key={row.join("|")} className="border-line border-t">
              {row.map((cell, i) => (
                <td key={table.columns[i]} className="px-3 py-1.5">
                  {typeof cell === "number" ? formatCell(cell) : (cell ?? "")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function formatCell(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en") : value.toPrecision(4);
}
