"use client";
import { RotateCcw } from "lucide-react";
import { Button } from "./Button";
import { Callout } from "./Callout";
import { adviceFor, readWireError } from "./readWireError";

/** What failed and what to do, from anything a call threw. `onRetry` adds a button where a retry can help. */
export function ErrorState({
  error,
  title,
  onRetry,
  compact = false,
}: {
  error: unknown;
  title?: string;
  onRetry?: () => void;
  /** Without the title, for dialogs and rows. */
  compact?: boolean;
}) {
  const wire = readWireError(error);
  const advice = adviceFor(wire);
  return (
    <Callout
      tone="bad"
      live
      title={compact ? undefined : (title ?? "This did not work")}
      action={
        onRetry && (
          <Button size="sm" icon={<RotateCcw aria-hidden="true" size={14} />} onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      <p className="whitespace-pre-line">{wire.message}</p>
      {advice && <p className="text-ink-2">{advice}</p>}
      {!compact && (
        <p className="mt-1 text-ink-3 text-xs">
          {wire.code}
          {wire.field && ` · ${wire.field}`}
        </p>
      )}
    </Callout>
  );
}
