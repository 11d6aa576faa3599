"use client";

/** A value of the table behind a chart; with a link where items stand behind it. */
export type ChartCell = string | number | null | { value: string | number; href: string };

/** The table behind a chart. */
export interface ChartTable {
  columns: string[];
  rows: ChartCell[][];
}

export interface LegendEntry {
  name: string;
  /** A CSS colour; variables are resolved when a picture is made. */
  color: string;
  shape?: "line" | "dashed" | "bar" | "dot" | "ring";
  isHidden?: boolean;
}

/** Quotes a cell for CSV; a leading character that a spreadsheet would run as a formula is defused. */
function csvCell(cell: ChartCell): string {
  const value = typeof cell === "object" ? (cell?.value ?? null) : cell;
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(table: ChartTable): string {
  return `${[table.columns, ...table.rows].map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser reads the bytes after this task: an address that is gone by then would save nothing.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const PNG_SCALE = 2;
const PADDING = 16;
const TITLE_PX = 15;
const TEXT_PX = 12;
const LINE_PX = 22;
const SWATCH_PX = 18;
const GAP_PX = 16;

interface Picture {
  title: string;
  legend: LegendEntry[];
  fileName: string;
}

/** Draws title, legend and the chart's SVG onto a canvas of twice their size, on the page's background, and saves it. */
export async function savePng(svg: SVGSVGElement, { title, legend, fileName }: Picture): Promise<void> {
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standAlone(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw the picture. Save the CSV instead.");
  const family = getComputedStyle(document.body).fontFamily;
  const shown = legend.filter((entry) => !entry.isHidden);
  context.font = `${TEXT_PX}px ${family}`;
  const places = placeLegend(shown, width, (text) => context.measureText(text).width);
  const top = PADDING + LINE_PX + places.height + 4;
  canvas.width = (width + 2 * PADDING) * PNG_SCALE;
  canvas.height = (top + height + PADDING) * PNG_SCALE;
  context.scale(PNG_SCALE, PNG_SCALE);
  context.fillStyle = resolveColor("var(--surface)", svg);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  context.fillStyle = resolveColor("var(--ink)", svg);
  context.font = `600 ${TITLE_PX}px ${family}`;
  context.fillText(title, PADDING, PADDING + LINE_PX / 2);
  context.font = `${TEXT_PX}px ${family}`;
  for (const { entry, x, y } of places.at) {
    const middle = PADDING + LINE_PX + y + LINE_PX / 2;
    drawSwatch(context, entry, PADDING + x, middle, resolveColor(entry.color, svg));
    context.fillStyle = resolveColor("var(--ink)", svg);
    context.fillText(entry.name, PADDING + x + SWATCH_PX + 6, middle);
  }
  context.drawImage(image, PADDING, top, width, height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("This browser could not encode the picture. Save the CSV instead.");
  saveBlob(blob, fileName);
}

/** Where each entry of the legend stands, in lines no wider than the chart. */
function placeLegend(entries: LegendEntry[], width: number, measure: (text: string) => number) {
  const at: { entry: LegendEntry; x: number; y: number }[] = [];
  let x = 0;
  let y = 0;
  for (const entry of entries) {
    const needed = SWATCH_PX + 6 + measure(entry.name);
    if (x > 0 && x + needed > width) {
      x = 0;
      y += LINE_PX;
    }
    at.push({ entry, x, y });
    x += needed + GAP_PX;
  }
  return { at, height: entries.length === 0 ? 0 : y + LINE_PX };
}

function drawSwatch(context: CanvasRenderingContext2D, entry: LegendEntry, x: number, y: number, color: string): void {
  const { shape = "line" } = entry;
  context.fillStyle = color;
  context.strokeStyle = color;
  context.beginPath();
  if (shape === "bar") context.fillRect(x + 4, y - 5, 10, 10);
  else if (shape === "dot" || shape === "ring") {
    context.arc(x + SWATCH_PX / 2, y, 3.5, 0, 2 * Math.PI);
    context.lineWidth = 1.5;
    if (shape === "dot") context.fill();
    else context.stroke();
  } else {
    context.lineWidth = 2.5;
    context.setLineDash(shape === "dashed" ? [4, 3] : []);
    context.moveTo(x, y);
    context.lineTo(x + SWATCH_PX, y);
    context.stroke();
    context.setLineDash([]);
  }
}

/** The SVG's text as a document of its own: with its namespaces, font and the colours that variables have right now. */
function standAlone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const { color, fontFamily, fontSize } = getComputedStyle(svg);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  Object.assign(copy.style, { color, fontFamily, fontSize });
  return new XMLSerializer()
    .serializeToString(copy)
    .replace(/var\((--(?:series|surface|raised|line|ink)[\w-]*)\)/g, (whole) => resolveColor(whole, svg));
}

function resolveColor(css: string, near: Element): string {
  const probe = document.createElement("span");
  probe.style.color = css;
  near.parentElement?.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
