"use client";
import { ChevronDown, Copy, Timer } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/app/_ui/Badge";
import { countOf } from "@/app/_ui/format";
import { Popover } from "@/app/_ui/Popover";
import { wordReason } from "@/app/_ui/wordReason";
import { useKeys } from "@/task-types/_shared/useKeys";
import type { HeldItem } from "../_session/types";
import { useCountdown } from "./useCountdown";

/** Why this item, in one line; all the numbers behind it on demand. Says too when the item's lease runs out. */
export function WhyLine({
  held,
  classTitles,
  active,
  onLeaseEnd,
}: {
  held: HeldItem;
  classTitles: readonly string[];
  active: boolean;
  onLeaseEnd: () => void;
}) {
  const [open, setOpen] = useState(false);
  const secondsLeft = useCountdown(held.lease === "ok" ? held.deadline : null, onLeaseEnd);
  const { served, nearCopies, suggestion } = held.item;
  const { sentence, facts, details } = wordReason(served, classTitles);
  const all: [string, string][] = suggestion
    ? [...details, ["Suggestion by", `${suggestion.trainer}, model v${suggestion.modelVersion}`], staleness(suggestion)]
    : details;
  useKeys({ w: () => setOpen(!open) }, active);

  return (
    <div className="flex min-h-10 items-end justify-between gap-3 text-sm">
      <Popover
        wide
        title="Why this item"
        open={open}
        onOpenChange={setOpen}
        trigger={
          <button
            type="button"
            aria-keyshortcuts="w"
            className="group flex min-w-0 flex-col rounded-sm text-start text-ink-2 hover:text-ink"
          >
            <span className="w-full truncate">
              <span className="sr-only">Why this item: </span>
              {sentence}
            </span>
            <span className="flex w-full items-center gap-1 text-ink-3 text-xs group-hover:text-ink">
              <span className="truncate">{facts.join(" · ")}</span>
              <ChevronDown aria-hidden="true" size={13} className="shrink-0" />
            </span>
          </button>
        }
      >
        <p className="mb-3 text-sm">{sentence}</p>
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-sm">
          {all.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-3">{name}</dt>
              <dd className="tnum [overflow-wrap:anywhere]">{value}</dd>
            </div>
          ))}
        </dl>
      </Popover>
      <span className="flex shrink-0 flex-wrap justify-end gap-2">
        {nearCopies > 0 && (
          <Badge>
            <Copy aria-hidden="true" size={12} />
            {countOf(nearCopies, "copy", "copies")} in the pool
          </Badge>
        )}
        <LeaseNote lease={held.lease} secondsLeft={secondsLeft} />
      </span>
    </div>
  );
}

function staleness({ staleness: n }: { staleness: number }): [string, string] {
  return ["Labels since that model", String(n)];
}

function LeaseNote({ lease, secondsLeft }: { lease: HeldItem["lease"]; secondsLeft: number | null }) {
  const text =
    lease === "lost"
      ? "Reservation over; your answer still counts"
      : lease === "ended" || secondsLeft === 0
        ? "Reservation just ended; your answer still counts"
        : secondsLeft === null
          ? null
          : `Reserved ${secondsLeft} s more`;
  if (text === null) return null;
  return (
    <Badge tone="warn" className="tnum h-auto min-h-5.5 whitespace-normal py-0.5 max-sm:max-w-36">
      <Timer aria-hidden="true" size={13} />
      {text}
    </Badge>
  );
}
