"use client";
import { CloudOff, CloudUpload, RotateCcw, Trash2 } from "lucide-react";
import { memo, useState } from "react";
import { Button } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { Dialog } from "@/app/_ui/Dialog";
import { countOf } from "@/app/_ui/format";
import type { Outbox } from "../_outbox/Outbox";
import type { OutboxEntry, OutboxView } from "../_outbox/types";
import type { Decision } from "../_session/types";
import { useOutbox } from "./useOutbox";

/** What has not reached the server, and why; what it refused, with both answers where there are two. */
export function OutboxDialog({
  outbox,
  recent,
  formatAnswer,
  open,
  onOpenChange,
}: {
  outbox: Outbox;
  recent: readonly Decision[];
  formatAnswer: (decision: Decision) => string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const view = useOutbox(outbox, whole);
  return (
    <Dialog title="Answers on their way" open={open} onOpenChange={onOpenChange}>
      <div className="flex flex-col gap-3">
        <p>{describe(view)}</p>
        {view.problem && view.unsent > 0 && (
          <Callout
            tone="warn"
            action={
              <Button size="sm" icon={<RotateCcw aria-hidden="true" size={14} />} onClick={() => outbox.wake()}>
                Try now
              </Button>
            }
          >
            {view.problem.message}
          </Callout>
        )}
        {!view.durable && (
          <Callout tone="warn" title="This browser stores nothing">
            Unsent answers live only in this tab: keep it open until all are sent. A window that is not private stores
            them.
          </Callout>
        )}
        {view.others.map(({ userName, count }) => (
          <Callout key={userName} tone="info">
            {countOf(count, "answer")} of {userName} wait in this browser. They are sent when {userName} signs in here.
          </Callout>
        ))}
        {view.refused.map((entry) => (
          <RefusedEntry
            key={entry.order}
            entry={entry}
            recorded={recordedAnswer(entry, recent, formatAnswer)}
            onRetry={() => outbox.retry(entry.order)}
            onDiscard={() => outbox.discard(entry.order)}
          />
        ))}
      </div>
    </Dialog>
  );
}

function describe({ phase, unsent, refused }: OutboxView): string {
  const refusedText =
    refused.length === 0 ? "" : ` ${countOf(refused.length, "answer was", "answers were")} refused and wait for you.`;
  if (unsent === 0) return `Everything you have answered is on the server.${refusedText}`;
  const n = countOf(unsent, "answer is", "answers are");
  const why =
    phase === "signedOut"
      ? "Your session has ended; they go when you sign in again."
      : phase === "offline"
        ? "The server does not answer; they go by themselves when it does."
        : "They are being sent.";
  return `${n} stored in this browser and not yet on the server. ${why}${refusedText}`;
}

/** The answer that the server has instead, where it says which. */
function recordedAnswer(
  entry: OutboxEntry,
  recent: readonly Decision[],
  formatAnswer: (decision: Decision) => string,
): string | null {
  const seq = (entry.error?.details as { seq?: unknown } | undefined)?.seq;
  const recorded = recent.find((decision) => decision.seq !== null && decision.seq === seq);
  return recorded ? formatAnswer(recorded) : null;
}

function RefusedEntry({
  entry,
  recorded,
  onRetry,
  onDiscard,
}: {
  entry: OutboxEntry;
  recorded: string | null;
  onRetry: () => void;
  onDiscard: () => void;
}) {
  const [confirming, setConfirming] = useState(false);
  return (
    <section aria-label="Refused answer" className="rounded-md border border-bad/30 p-3.5">
      <p dir="auto" className="line-clamp-3 text-ink-2 text-sm">
        {entry.excerpt}
      </p>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        <dt className="text-ink-3">Your answer</dt>
        <dd className="font-[550]">{entry.answer}</dd>
        {recorded !== null && (
          <>
            <dt className="text-ink-3">On the server</dt>
            <dd className="font-[550]">{recorded}</dd>
          </>
        )}
        <dt className="text-ink-3">Project</dt>
        <dd>{entry.projectName}</dd>
      </dl>
      <p className="mt-2 text-bad text-sm">{entry.error?.message}</p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button size="sm" icon={<RotateCcw aria-hidden="true" size={14} />} onClick={onRetry}>
          Send again
        </Button>
        <ConfirmDialog
          open={confirming}
          onOpenChange={setConfirming}
          trigger={
            <Button size="sm" variant="ghost" icon={<Trash2 aria-hidden="true" size={14} />}>
              Discard
            </Button>
          }
          title="Discard this answer?"
          action="Discard"
          tone="danger"
          onConfirm={onDiscard}
        >
          “{entry.answer}” for “{entry.excerpt.slice(0, 60)}” is then lost.
        </ConfirmDialog>
      </div>
    </section>
  );
}

/** The counter that is always in sight. */
export const OutboxBadge = memo(function OutboxBadge({ outbox, onClick }: { outbox: Outbox; onClick: () => void }) {
  const { unsent, refused, phase, durable } = useOutbox(outbox, whole);
  const isTrouble = refused.length > 0 || (unsent > 0 && (phase === "offline" || phase === "signedOut")) || !durable;
  const Icon = isTrouble ? CloudOff : CloudUpload;
  const text =
    refused.length > 0 ? `${unsent} unsent, ${refused.length} refused` : unsent === 0 ? "All sent" : `${unsent} unsent`;
  return (
    <button
      type="button"
      data-unsent={unsent}
      data-refused={refused.length}
      onClick={onClick}
      className={`tnum inline-flex h-8 items-center gap-1.5 rounded-md px-2 text-sm hover:bg-hover ${
        isTrouble ? "bg-warn-soft font-[550] text-warn" : "text-ink-3"
      }`}
    >
      <Icon aria-hidden="true" size={16} />
      {text}
    </button>
  );
});

const whole = (view: OutboxView) => view;
