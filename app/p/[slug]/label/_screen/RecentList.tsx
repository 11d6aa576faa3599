"use client";
import clsx from "clsx";
import { RotateCcw } from "lucide-react";
import { memo } from "react";
import { Badge } from "@/app/_ui/Badge";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { LIMITS } from "@/contracts/limits";
import type { Decision } from "../_session/types";

const STATE_TEXT = { unsent: "unsent", kept: null, undone: "undone", refused: "refused" } as const;

/** The last answers, newest first; those that can still be changed open again with a click. */
export const RecentList = memo(function RecentList({
  decisions,
  formatAnswer,
  busy,
  onReopen,
}: {
  decisions: readonly Decision[];
  formatAnswer: (decision: Decision) => string;
  busy: boolean;
  onReopen: (decision: Decision) => void;
}) {
  if (decisions.length === 0) {
    return <p className="px-3 py-4 text-ink-3 text-sm">Your answers appear here and can be opened again.</p>;
  }
  return (
    // A region that scrolls must be reachable by keyboard, also when nothing in it can be opened again.
    <section
      aria-label="Answers"
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto focus-visible:-outline-offset-2"
    >
      <ol className="flex flex-col gap-px p-1.5">
        {decisions.map((decision, i) => {
          const canReopen = i < LIMITS.undoDepth && (decision.state === "kept" || decision.state === "unsent");
          const state = STATE_TEXT[decision.state];
          const body = (
            <>
              <span className="flex items-center gap-2">
                <span
                  dir="auto"
                  className={clsx("min-w-0 flex-1 truncate font-[550]", decision.state === "undone" && "line-through")}
                >
                  {formatAnswer(decision)}
                </span>
                {state && <Badge tone={decision.state === "refused" ? "bad" : "neutral"}>{state}</Badge>}
                <span className="shrink-0 text-ink-3 text-xs">
                  <RelativeTime iso={decision.at === "" ? null : decision.at} />
                </span>
                {canReopen && <RotateCcw aria-hidden="true" size={14} className="shrink-0 text-ink-3" />}
              </span>
              <span dir="auto" className="line-clamp-2 text-ink-3 text-xs [overflow-wrap:anywhere]">
                {decision.excerpt}
              </span>
            </>
          );
          return (
            <li key={decision.id}>
              {canReopen ? (
                <button
                  type="button"
                  disabled={busy}
                  onClick={() => onReopen(decision)}
                  className="flex w-full flex-col rounded-md px-2.5 py-2 text-start text-sm hover:bg-hover"
                >
                  <span className="sr-only">Open again: </span>
                  {body}
                </button>
              ) : (
                <div className="flex flex-col px-2.5 py-2 text-sm">{body}</div>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
});
