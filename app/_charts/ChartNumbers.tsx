"use client";
import Link from "next/link";
import type { ChartCell, ChartTable } from "./exportChart";

/** The numbers behind a chart. The frame scrolls and takes the focus, so that the keyboard can scroll it. */
export function ChartNumbers({ table, title, height }: { table: ChartTable; title: string; height: number }) {
  return (
    <section
      className="overflow-auto rounded-lg border border-line focus-visible:-outline-offset-2"
      style={{ maxHeight: height }}
      tabIndex={0}
      aria-label={`${title}, numbers`}
    >
      <table className="w-full text-sm tabular-nums">
        <thead className="sticky top-0 bg-surface">
          <tr>
            {table.columns.map((column, i) => (
              <th
                key={column}
                scope="col"
                className={`whitespace-nowrap px-3 py-1.5 font-[550] text-ink-3 text-xs ${isNumeric(table, i) ? "text-end" : "text-start"}`}
              >
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {table.rows.map((row, r) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two rows may be alike, and a row has no other name.
            <tr key={r}>
              {row.map((cell, i) => (
                <td
                  key={table.columns[i]}
                  className={`whitespace-nowrap px-3 py-1.5 ${isNumeric(table, i) ? "text-end" : ""}`}
                >
                  <Cell cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ cell }: { cell: ChartCell }) {
  if (cell === null) return null;
  if (typeof cell !== "object") return <>{format(cell)}</>;
  return (
    <Link href={cell.href} className="text-accent-text underline-offset-2 hover:underline">
      {format(cell.value)}
    </Link>
  );
}

function isNumeric(table: ChartTable, column: number): boolean {
  return table.rows.some((row) => {
    const cell = row[column];
    return typeof (typeof cell === "object" ? cell?.value : cell) === "number";
  });
}

function format(value: string | number): string {
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? value.toLocaleString("en-GB") : value.toPrecision(4);
}
