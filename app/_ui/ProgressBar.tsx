"use client";
import { Progress } from "@base-ui/react/progress";
import clsx from "clsx";

/** How far something is. `value` null: it runs, but nobody knows how long. */
export function ProgressBar({
  label,
  value,
  total,
  text,
  labelHidden = false,
  className,
}: {
  label: string;
  value: number | null;
  total: number;
  /** What stands at the right, e.g. "1,204 of 13,083". */
  text?: string;
  labelHidden?: boolean;
  className?: string;
}) {
  const max = Math.max(total, 1);
  return (
    <Progress.Root
      value={value === null ? null : Math.min(value, max)}
      max={max}
      locale="en-GB"
      getAriaValueText={text === undefined ? undefined : () => text}
      className={clsx("flex flex-col gap-1.5", className)}
    >
      <div className={clsx("flex justify-between gap-4 text-sm", labelHidden && "sr-only")}>
        <Progress.Label>{label}</Progress.Label>
        {text && (
          <span aria-hidden="true" className="tnum text-ink-2">
            {text}
          </span>
        )}
      </div>
      <Progress.Track className="h-1.5 overflow-hidden rounded-full bg-hover">
        <Progress.Indicator className="h-full rounded-full bg-accent transition-[width] duration-300 data-indeterminate:w-1/3 data-indeterminate:animate-[indeterminate_1.4s_ease-in-out_infinite]" />
      </Progress.Track>
    </Progress.Root>
  );
}
