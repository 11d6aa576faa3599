import clsx from "clsx";
import type { ComponentProps, ReactNode } from "react";

/**
 * A table with a name. It scrolls sideways inside its own frame on narrow screens; the frame takes the focus so that the
 * keyboard can scroll it.
 */
export function Table({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <section
      aria-label={label}
      tabIndex={0}
      className={clsx("relative overflow-x-auto rounded-lg focus-visible:-outline-offset-2", className)}
    >
      <table className="w-full border-collapse text-sm">{children}</table>
    </section>
  );
}

export function THead({ children }: { children: ReactNode }) {
  return (
    <thead className="border-line border-b text-ink-3">
      <tr>{children}</tr>
    </thead>
  );
}

export function TBody({ children }: { children: ReactNode }) {
  return <tbody className="divide-y divide-line">{children}</tbody>;
}

export interface ThProps extends ComponentProps<"th"> {
  numeric?: boolean;
  /** Set on the column the rows are sorted by. */
  sorted?: "asc" | "desc" | null;
}

export function Th({ numeric = false, sorted, className, ...rest }: ThProps) {
  return (
    <th
      scope="col"
      aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
      {...rest}
      className={clsx("whitespace-nowrap px-3 py-2 font-[550] text-xs", numeric ? "text-end" : "text-start", className)}
    />
  );
}

export function Tr({ className, ...rest }: ComponentProps<"tr">) {
  return <tr {...rest} className={clsx("hover:bg-hover/50", className)} />;
}

export function Td({ numeric = false, className, ...rest }: ComponentProps<"td"> & { numeric?: boolean }) {
  return <td {...rest} className={clsx("px-3 py-2.5 align-top", numeric && "tnum text-end", className)} />;
}
