import clsx from "clsx";
import Link from "next/link";
import type { ReactNode } from "react";
import type { Measured } from "@/contracts/dashboards";
import { formatMeasured, formatNumber } from "./format";

/** A number with its name, and below it what it rests on. Links to the items behind it when `href` is given. */
export function Stat({
  label,
  value,
  unit,
  detail,
  href,
  tone,
}: {
  label: string;
  /** Already formatted text, or a number to format; null shows a dash. */
  value: number | string | null;
  unit?: string;
  detail?: ReactNode;
  href?: string;
  tone?: "good" | "warn" | "bad";
}) {
  const shown = value === null ? "–" : typeof value === "number" ? formatNumber(value) : value;
  const number = (
    <span
      className={clsx(
        "tnum font-[560] text-2xl",
        tone === "good" && "text-good",
        tone === "warn" && "text-warn",
        tone === "bad" && "text-bad",
      )}
    >
      {shown}
      {unit && value !== null && <span className="ms-1 font-normal text-base text-ink-3">{unit}</span>}
    </span>
  );
  return (
    <div className="flex min-w-0 flex-col">
      <span className="eyebrow">{label}</span>
      {href ? (
        <Link href={href} className="w-fit rounded-sm underline-offset-4 hover:underline">
          {number}
        </Link>
      ) : (
        number
      )}
      {detail && <span className="text-ink-3 text-xs">{detail}</span>}
    </div>
  );
}

/** A measured quantity: value, interval with its level, sample, n and method. */
export function MeasuredStat({ label, measured, href }: { label: string; measured: Measured | null; href?: string }) {
  if (measured === null) return <Stat label={label} value={null} detail="not measured yet" href={href} />;
  const { value, interval, unit } = formatMeasured(measured);
  return (
    <Stat
      label={label}
      value={value}
      unit={unit}
      href={href}
      detail={
        <>
          {interval && (
            <span className="tnum block text-ink-2">
              {interval}
              {measured.level !== null && ` (${Math.round(measured.level * 100)} % interval)`}
            </span>
          )}
          <span className="block">
            n = {formatNumber(measured.n)} · {measured.sample} · {measured.method}
          </span>
        </>
      }
    />
  );
}
