"use client";

/** Cells of the table behind a chart. */
export interface ChartTable {
  columns: string[];
  rows: (string | number | null)[][];
}

/** Quotes a cell for CSV; a leading character that a spreadsheet would run as a formula is defused. */
function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(table: ChartTable): string {
  return [table.columns, ...table.rows].map((row) => row.map(csvCell).join(",")).join("\r\n");
}

export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

const PNG_SCALE = 2;

/** Draws the chart's SVG onto a canvas twice its size, on the page's background, and saves it. */
export async function savePng(svg: SVGSVGElement, fileName: string): Promise<void> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const styles = getComputedStyle(svg);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.color = styles.color;
  copy.style.fontFamily = styles.fontFamily;
  copy.style.fontSize = styles.fontSize;
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(resolveVariables(copy, svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * PNG_SCALE;
  canvas.height = height * PNG_SCALE;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw the picture. Save the CSV instead.");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("This browser could not encode the picture. Save the CSV instead.");
  saveBlob(blob, fileName);
}

/** CSS variables mean nothing outside the page: puts the colours they have right now in their place. */
function resolveVariables(copy: SVGSVGElement, original: SVGSVGElement): string {
  const probe = document.createElement("span");
  original.parentElement?.append(probe);
  try {
    return new XMLSerializer().serializeToString(copy).replace(/var\((--[\w-]+)\)/g, (whole) => {
      probe.style.color = whole;
      return getComputedStyle(probe).color;
    });
  } finally {
    probe.remove();
  }
}
