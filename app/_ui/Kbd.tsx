import clsx from "clsx";
import type { ReactNode } from "react";

/** One key as printed on a keyboard. */
export function Kbd({
  children,
  inverted = false,
  className,
}: {
  children: ReactNode;
  inverted?: boolean;
  className?: string;
}) {
  return (
    <kbd
      className={clsx(
        "inline-flex h-5 min-w-5 items-center justify-center rounded-sm border px-1 font-[550] font-sans text-2xs",
        inverted ? "border-page/35 text-page" : "border-line border-b-2 bg-surface text-ink-2",
        className,
      )}
    >
      {children}
    </kbd>
  );
}
