"use client";
import { useSyncExternalStore } from "react";
import { formatNumber } from "@/app/_ui/format";
import type { Outbox } from "../_outbox/Outbox";
import type { OutboxView } from "../_outbox/types";
import type { SessionView } from "../_session/types";
import type { FlipMeter } from "./FlipMeter";
import { useOutbox } from "./useOutbox";

/** Timings and states for whoever looks for a fault: `?debug=1` or Shift+D. */
export function DebugOverlay({ meter, session, outbox }: { meter: FlipMeter; session: SessionView; outbox: Outbox }) {
  const sending = useOutbox(outbox, whole);
  const { n, p50, p95, last } = useSyncExternalStore(meter.subscribe, meter.getSnapshot, meter.getSnapshot);
  const rows: [string, string][] = [
    ["answer → next visible", n === 0 ? "no sample" : `${formatNumber(last, 1)} ms`],
    ["p50 / p95", n === 0 ? "–" : `${formatNumber(p50, 1)} / ${formatNumber(p95, 1)} ms, n = ${n}`],
    ["held / phase", `${session.nHeld} / ${session.phase}`],
    ["next drawn", session.next ? `row ${session.next.item.row}` : "no"],
    ["outbox", `${sending.phase}, ${sending.unsent} unsent, ${sending.refused.length} refused`],
    ["stored on disk", sending.durable ? "yes" : "no"],
  ];
  return (
    <aside
      aria-label="Timings"
      className="pointer-events-none fixed start-3 bottom-3 z-10 rounded-md border border-line bg-raised/95 px-3 py-2 font-mono text-2xs text-ink-2 shadow-pop"
    >
      <dl className="grid grid-cols-[auto_auto] gap-x-4">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt>{name}</dt>
            <dd className="text-end text-ink">{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

const whole = (view: OutboxView) => view;
