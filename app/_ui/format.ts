import type { Measured } from "@/contracts/dashboards";

/** One locale for all numbers, so that server and browser print the same characters. */
const LOCALE = "en-GB";
const integer = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat(LOCALE, {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** Groups thousands; up to `digits` decimals, without trailing zeros. Not finite: a dash. */
export function formatNumber(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return integer.format(value);
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits }).format(value);
}

/** 13,083 → "13.1K". For places too narrow for all digits. */
export function formatCompact(value: number): string {
  return compact.format(value);
}

/** A share in [0, 1] as percent with a narrow no-break space: 0.8312 → "83.1 %". */
export function formatPercent(share: number, digits = 1): string {
  if (!Number.isFinite(share)) return "–";
  const text = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 0, maximumFractionDigits: digits }).format(
    share * 100,
  );
  return `${text}\u202f%`;
}

/** Seconds as people say them: 0.42 → "0.4 s", 75 → "1 min 15 s", 7260 → "2 h 1 min". */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${formatNumber(seconds * 1000, 0)} ms`;
  if (seconds < 10) return `${formatNumber(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return joinUnits(Math.floor(whole / MINUTE_S), "min", whole % MINUTE_S, "s");
  if (whole < DAY_S) return joinUnits(Math.floor(whole / HOUR_S), "h", Math.floor((whole % HOUR_S) / MINUTE_S), "min");
  return joinUnits(Math.floor(whole / DAY_S), "d", Math.floor((whole % DAY_S) / HOUR_S), "h");
}

function joinUnits(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** Bytes in binary units: 1536 → "1.5 KiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${formatNumber(value, value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** An ISO instant as "24 Nov 2026, 13:16" in UTC: the same on server and browser. */
export function formatUtc(iso: string): string {
  return `${dateTime.format(new Date(iso))} UTC`;
}

/** How long before `nowMs` an instant was, in words: "just now", "5 min ago", "in 2 h". */
export function formatAgo(iso: string, nowMs: number): string {
  const seconds = (nowMs - new Date(iso).getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const text =
    size < MINUTE_S
      ? `${Math.round(size)} s`
      : size < HOUR_S
        ? `${Math.round(size / MINUTE_S)} min`
        : size < DAY_S
          ? `${Math.round(size / HOUR_S)} h`
          : `${Math.round(size / DAY_S)} d`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

/** "1 item", "1,204 items": English plurals for the counts on screen. */
export function countOf(n: number, one: string, many = `${one}s`): string {
  return `${formatNumber(n)} ${n === 1 ? one : many}`;
}

/** The texts of a measured quantity. Shares (unit "share") are shown as percent. */
export function formatMeasured(measured: Measured): { value: string; interval: string | null; unit: string } {
  const isShare = measured.unit === "share";
  const text = (x: number) => (isShare ? formatPercent(x) : formatNumber(x, 3));
  const interval =
    measured.lower === null || measured.upper === null ? null : `${text(measured.lower)} – ${text(measured.upper)}`;
  return { value: text(measured.value), interval, unit: isShare ? "" : measured.unit };
}
