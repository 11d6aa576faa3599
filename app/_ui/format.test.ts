import { describe, expect, it } from "vitest";
import { countOf, formatAgo, formatBytes, formatMeasured, formatNumber, formatPercent, formatSeconds } from "./format";

describe("format", () => {
  it("groups thousands and drops trailing zeros", () => {
    expect(formatNumber(13_083)).toBe("13,083");
    expect(formatNumber(0.5)).toBe("0.5");
    expect(formatNumber(1.23456)).toBe("1.23");
    expect(formatNumber(Number.NaN)).toBe("–");
  });

  it("writes shares as percent", () => {
    expect(formatPercent(0.8312)).toBe("83.1\u202f%");
    expect(formatPercent(1)).toBe("100\u202f%");
  });

  it.each([
    [0.042, "42 ms"],
    [4.26, "4.3 s"],
    [59.6, "1 min"],
    [75, "1 min 15 s"],
    [7_260, "2 h 1 min"],
    [90_000, "1 d 1 h"],
  ])("says %d seconds as %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it("writes bytes in binary units", () => {
    expect(formatBytes(512)).toBe("512 B");
    expect(formatBytes(1_536)).toBe("1.5 KiB");
    expect(formatBytes(33_554_432)).toBe("32 MiB");
  });

  it("says how long ago an instant was, and how far ahead", () => {
    const now = Date.UTC(2026, 10, 24, 12, 0, 0);
    expect(formatAgo("2026-11-24T11:59:55Z", now)).toBe("just now");
    expect(formatAgo("2026-11-24T11:55:00Z", now)).toBe("5 min ago");
    expect(formatAgo("2026-11-24T14:00:00Z", now)).toBe("in 2 h");
  });

  it("counts in the singular and plural", () => {
    expect(countOf(1, "item")).toBe("1 item");
    expect(countOf(0, "entry", "entries")).toBe("0 entries");
  });

  it("shows a measured share as percent with its interval", () => {
    const measured = {
      value: 0.8,
      lower: 0.75,
      upper: 0.845,
      level: 0.95,
      unit: "share",
      n: 200,
      sample: "audit",
      method: "Wilson score interval",
    };
    expect(formatMeasured(measured)).toEqual({
      value: "80\u202f%",
      interval: "75\u202f% – 84.5\u202f%",
      unit: "",
    });
  });
});
