import { describe, expect, test } from "vitest";
import { AppError } from "./errors";
import type { LoggerOptions } from "./log";
import { createLogger } from "./log";

function capture(format: LoggerOptions["format"], level: LoggerOptions["level"] = "debug") {
  const lines: string[] = [];
  const now = () => new Date("2026-01-01T12:00:00.000Z");
  return { log: createLogger({ level, format, write: (line) => lines.push(line), now }), lines };
}

describe("a logger", () => {
  test("writes one JSON object per line, with its own fields and the call's", () => {
    const { log, lines } = capture("json");
    log.child({ part: "worker" }).info("job done", { run: "r1", durationMs: 12 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0])).toEqual({
      at: "2026-01-01T12:00:00.000Z",
      level: "info",
      message: "job done",
      part: "worker",
      run: "r1",
      durationMs: 12,
    });
  });

  test("writes nothing below its level", () => {
    const { log, lines } = capture("json", "warn");
    log.debug("a");
    log.info("b");
    log.error("c");
    expect(lines).toHaveLength(1);
  });

  test.each(["json", "human"] as const)("keeps secrets out of %s lines, however deep", (format) => {
    const { log, lines } = capture(format);
    log.warn("connecting to postgresql://winnow:hunter2@db/x", {
      password: "hunter2",
      nested: { apiKey: "hunter2", list: [{ Authorization: "Bearer hunter2" }] },
      url: "postgres://u:hunter2@h/d",
      error: new AppError("E_STORAGE", "at https://u:hunter2@s3/x", { details: { secretToken: "hunter2" } }),
    });
    expect(lines.join()).not.toContain("hunter2");
    expect(lines.join()).toContain("[redacted]");
  });

  test("lets no text of a user forge a line or move the cursor", () => {
    const { log, lines } = capture("human");
    const hostile = "x\n12:00:00.000 ERROR forged\r\u001b[2J\u2028y";
    log.info(hostile, { name: hostile, [`key ${"k"}`]: hostile });
    expect(lines).toHaveLength(1);
    expect(lines[0].trimEnd().split("\n")).toHaveLength(1);
    expect(lines[0]).not.toContain("\u001b");
    expect(lines[0]).toContain("\\n12:00");
  });

  test("shows the stack of an error, indented so that it cannot pass for a line of the log", () => {
    const { log, lines } = capture("human");
    log.error("failed", { error: new Error("first\nsecond") });
    for (const line of lines[0].trimEnd().split("\n").slice(1)) expect(line.startsWith("    ")).toBe(true);
  });

  test("survives what cannot be written as it is", () => {
    const { log, lines } = capture("json");
    const circle: Record<string, unknown> = { n: 1n, bytes: new Uint8Array(3), when: new Date(Number.NaN), f: () => 1 };
    circle.self = circle;
    log.info("odd", { circle, long: "x".repeat(10_000) });
    expect(JSON.parse(lines[0]).circle).toMatchObject({
      n: "1",
      bytes: "[Uint8Array 3 bytes]",
      when: "[invalid date]",
    });
    expect(lines[0].length).toBeLessThan(8_000);
  });
});
