"use client";
import "./charts.css";
import * as Plot from "@observablehq/plot";
import { ChartLine, Download, ImageDown, Table2 } from "lucide-react";
import type { ReactNode } from "react";
import { useEffect, useId, useRef, useState } from "react";
import { ErrorState } from "@/app/_ui/ErrorState";
import { IconButton } from "@/app/_ui/IconButton";
import { ChartLegend } from "./ChartLegend";
import { ChartNumbers } from "./ChartNumbers";
import type { ChartTable, LegendEntry } from "./exportChart";
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
  legend?: LegendEntry[];
  /** Makes the legend's entries switches. */
  onToggle?: (name: string) => void;
}

const DEFAULT_HEIGHT = 280;
/** What every drawing shares; charts add to it. */
const STYLE = { background: "transparent", fontFamily: "var(--font-sans)", fontSize: "11px", overflow: "visible" };

/** A drawn series of numbers: labelled axes, tooltips, a table with the same numbers, PNG and CSV. Decides nothing. */
export function Chart(props: ChartProps) {
  const { title, description, table, height = DEFAULT_HEIGHT, empty, legend, onToggle } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [asTable, setAsTable] = useState(false);
  const titleId = useId();
  const isEmpty = table.rows.length === 0;
  useDrawing(frame, props, !asTable && !isEmpty);
  return (
    <figure aria-labelledby={titleId} className="min-w-0">
      <figcaption className="mb-2 flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h3 id={titleId} className="font-[550] text-ink">
            {title}
          </h3>
          <p className="text-ink-3 text-sm">{description}</p>
        </div>
        {!isEmpty && <ChartTools {...props} frame={frame} asTable={asTable} setAsTable={setAsTable} />}
      </figcaption>
      {legend && !isEmpty && <ChartLegend entries={legend} onToggle={onToggle} />}
      <div ref={frame} className="winnow-chart min-w-0 text-ink" style={{ minHeight: asTable ? 0 : height }}>
        {isEmpty && (
          <div
            className="flex items-center justify-center rounded-lg border border-line border-dashed p-6 text-center text-ink-2 text-sm"
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

/** Plot builds DOM by itself: React hands it an empty element and takes the result out again. */
function useDrawing(
  frame: { current: HTMLDivElement | null },
  { plot, height = DEFAULT_HEIGHT }: ChartProps,
  isWanted: boolean,
): void {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const node = frame.current;
    if (!node) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    observer.observe(node);
    return () => observer.disconnect();
  }, [frame]);

  useEffect(() => {
    const node = frame.current;
    if (!node || width === 0 || !isWanted) return;
    const drawing = Plot.plot({ width, height, style: STYLE, ...plot(width) });
    drawing.setAttribute("aria-hidden", "true");
    // Links in the drawing are for the mouse; the table has the same ones for everybody.
    for (const link of drawing.querySelectorAll("a")) link.setAttribute("tabindex", "-1");
    node.append(drawing);
    return () => drawing.remove();
  }, [frame, plot, width, height, isWanted]);
}

/** Switches between drawing and numbers, and saves either. */
function ChartTools({
  title,
  table,
  fileName,
  legend,
  frame,
  asTable,
  setAsTable,
}: ChartProps & {
  frame: { current: HTMLDivElement | null };
  asTable: boolean;
  setAsTable: (asTable: boolean) => void;
}) {
  const [error, setError] = useState<unknown>(null);
  const png = () => {
    const svg = frame.current?.querySelector<SVGSVGElement>("svg");
    setError(null);
    if (svg) savePng(svg, { title, legend: legend ?? [], fileName: `${fileName}.png` }).catch(setError);
  };
  return (
    <div className="flex shrink-0 flex-col items-end">
      <div className="flex">
        <IconButton
          size="sm"
          label={`${title}: show ${asTable ? "the chart" : "the numbers"}`}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? <ChartLine size={16} aria-hidden="true" /> : <Table2 size={16} aria-hidden="true" />}
        </IconButton>
        <IconButton size="sm" label={`${title}: save as PNG`} disabled={asTable} onClick={png}>
          <ImageDown size={16} aria-hidden="true" />
        </IconButton>
        <IconButton
          size="sm"
          label={`${title}: save as CSV`}
          onClick={() => saveBlob(new Blob([toCsv(table)], { type: "text/csv" }), `${fileName}.csv`)}
        >
          <Download size={16} aria-hidden="true" />
        </IconButton>
      </div>
      {error !== null && <ErrorState error={error} compact />}
    </div>
  );
}
