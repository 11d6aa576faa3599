import clsx from "clsx";
import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const LOOKS = {
  info: { icon: Info, box: "border-accent-line bg-accent-soft", tone: "text-accent-text" },
  good: { icon: CircleCheck, box: "border-good/30 bg-good-soft", tone: "text-good" },
  warn: { icon: TriangleAlert, box: "border-warn/30 bg-warn-soft", tone: "text-warn" },
  bad: { icon: CircleAlert, box: "border-bad/30 bg-bad-soft", tone: "text-bad" },
} as const;

/** A notice inside the page: what is the case, and what can be done. */
export function Callout({
  tone = "info",
  title,
  action,
  live = false,
  className,
  children,
}: {
  tone?: keyof typeof LOOKS;
  title?: ReactNode;
  action?: ReactNode;
  /** Read out when it appears. */
  live?: boolean;
  className?: string;
  children?: ReactNode;
}) {
  const { icon: Icon, box, tone: text } = LOOKS[tone];
  return (
    <div
      role={live ? (tone === "bad" ? "alert" : "status") : undefined}
      className={clsx("flex items-start gap-3 rounded-md border px-3.5 py-3 text-ink text-sm", box, className)}
    >
      <Icon aria-hidden="true" size={18} className={clsx("mt-px shrink-0", text)} />
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        {title && <div className="font-[620]">{title}</div>}
        {children}
      </div>
      {action && <div className="flex shrink-0 flex-wrap gap-2">{action}</div>}
    </div>
  );
}
