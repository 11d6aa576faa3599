import type { ReactNode } from "react";

/** The top of a page: its one h1, a line about it, and its main actions. */
export function PageHeader({
  title,
  description,
  actions,
}: {
  title: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 pb-6">
      <div className="min-w-0">
        <h1 className="font-[640] text-2xl [overflow-wrap:anywhere]">{title}</h1>
        {description && <p className="mt-1 max-w-2xl text-ink-2">{description}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
  );
}

/** The measure of an ordinary page: use it as the outermost element. */
export function Page({ width = "wide", children }: { width?: "narrow" | "wide"; children: ReactNode }) {
  return (
    <div className={`mx-auto w-full px-4 py-6 sm:px-8 sm:py-8 ${width === "narrow" ? "max-w-3xl" : "max-w-[84rem]"}`}>
      {children}
    </div>
  );
}
