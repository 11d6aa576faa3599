"use client";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "./Button";

/** Back and forth through pages that are known by cursors only. Nothing where there is one page and nothing to say. */
export function Pager({
  label,
  summary,
  hasPrevious,
  hasNext,
  busy = false,
  onPrevious,
  onNext,
}: {
  /** What is paged through: "items". */
  label: string;
  /** e.g. "51–100 of more than 10,000". */
  summary?: string;
  hasPrevious: boolean;
  hasNext: boolean;
  busy?: boolean;
  onPrevious: () => void;
  onNext: () => void;
}) {
  if (!summary && !hasPrevious && !hasNext) return null;
  return (
    <nav aria-label={`Pages of ${label}`} className="flex items-center justify-between gap-3 py-3">
      <span role="status" className="tnum text-ink-2 text-sm">
        {summary}
      </span>
      <span className="flex gap-2">
        <Button
          size="sm"
          disabled={!hasPrevious || busy}
          icon={<ChevronLeft aria-hidden="true" size={15} />}
          onClick={onPrevious}
        >
          Previous
        </Button>
        <Button size="sm" disabled={!hasNext || busy} onClick={onNext}>
          Next
          <ChevronRight aria-hidden="true" size={15} />
        </Button>
      </span>
    </nav>
  );
}
