import clsx from "clsx";
import type { ReactNode } from "react";

/** A framed part of a page with an optional heading and actions. */
export function Card({
  title,
  description,
  actions,
  padded = true,
  className,
  children,
}: {
  title?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** False for tables and lists that reach the frame. */
  padded?: boolean;
  className?: string;
  children?: ReactNode;
}) {
  const head = title !== undefined || actions !== undefined;
  return (
    <section className={clsx("min-w-0 rounded-lg border border-line bg-surface", className)}>
      {head && (
        <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-5 pt-4 pb-3">
          <div className="min-w-0">
            <h2 className="font-[620] text-lg">{title}</h2>
            {description && <p className="mt-0.5 text-ink-2 text-sm">{description}</p>}
          </div>
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      {padded ? <div className={clsx("px-5 pb-5", !head && "pt-5")}>{children}</div> : children}
    </section>
  );
}
