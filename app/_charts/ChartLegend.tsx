"use client";
import clsx from "clsx";
import type { LegendEntry } from "./exportChart";

/** What each colour and line stands for; as switches, it takes series out of the drawing and brings them back. */
export function ChartLegend({ entries, onToggle }: { entries: LegendEntry[]; onToggle?: (name: string) => void }) {
  return (
    <ul aria-label="Legend" className="mb-1.5 flex flex-wrap gap-x-4 gap-y-1 text-ink-2 text-xs">
      {entries.map((entry) => (
        <li key={entry.name}>
          {onToggle ? (
            <button
              type="button"
              aria-pressed={!entry.isHidden}
              title={entry.isHidden ? "Show it again" : "Hide it"}
              onClick={() => onToggle(entry.name)}
              className={clsx(
                "-mx-1 flex min-h-6 items-center gap-1.5 rounded-sm px-1 text-start hover:bg-hover hover:text-ink",
                entry.isHidden && "text-ink-3 line-through",
              )}
            >
              <Swatch entry={entry} />
              {entry.name}
            </button>
          ) : (
            <span className="flex min-h-6 items-center gap-1.5">
              <Swatch entry={entry} />
              {entry.name}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Swatch({ entry: { color, shape = "line", isHidden } }: { entry: LegendEntry }) {
  return (
    <svg width="18" height="10" aria-hidden="true" className={clsx("shrink-0", isHidden && "opacity-40")}>
      {shape === "bar" && <rect x="4" y="0" width="10" height="10" rx="1.5" fill={color} />}
      {shape === "dot" && <circle cx="9" cy="5" r="3.5" fill={color} />}
      {shape === "ring" && <circle cx="9" cy="5" r="3" fill="none" stroke={color} strokeWidth="1.5" />}
      {(shape === "line" || shape === "dashed") && (
        <line
          x1="0"
          x2="18"
          y1="5"
          y2="5"
          stroke={color}
          strokeWidth="2.5"
          strokeDasharray={shape === "dashed" ? "4 3" : undefined}
        />
      )}
    </svg>
  );
}
