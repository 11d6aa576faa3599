"use client";
import { useNow } from "./browserClock";
import { formatAgo, formatUtc } from "./format";

/** "5 min ago", with the exact instant as its title. Null shows a dash. */
export function RelativeTime({ iso }: { iso: string | null }) {
  const now = useNow();
  if (iso === null) return <span>–</span>;
  return (
    <time dateTime={iso} title={formatUtc(iso)} className="whitespace-nowrap">
      {now === null ? formatUtc(iso) : formatAgo(iso, now)}
    </time>
  );
}
