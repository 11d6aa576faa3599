import { describe, expect, test } from "vitest";
import { FakeClock } from "@/test/harness/fakeClock";
import type { ProgressReport } from "../jobs";
import { makeProgress } from "./makeProgress";

function setUp() {
  const clock = new FakeClock();
  const written: ProgressReport[] = [];
  const abort = new AbortController();
  const progress = makeProgress({
    signal: abort.signal,
    monotonicMs: clock.monotonicMs,
    write: async (report) => {
      written.push(report);
    },
  });
  return { clock, written, abort, progress };
}

describe("progress", () => {
  test("writes the first report, then at most one every 300 ms, and the last at the end", async () => {
    const { clock, written, progress } = setUp();
    for (let done = 1; done <= 100; done++) {
      await progress.report({ done, total: 100 });
      clock.advanceMs(10);
    }
    await progress.flush();
    expect(written.map((report) => report.done)).toEqual([1, 31, 61, 91, 100]);
  });

  test("keeps what a later report leaves out", async () => {
    const { clock, written, progress } = setUp();
    await progress.report({ done: 0, total: 5, message: "reading" });
    await progress.report({ done: 1, message: "learning" });
    clock.advanceMs(400);
    await progress.report({ done: 2 });
    expect(written.at(-1)).toEqual({ done: 2, message: "learning" });
  });

  test("throws the reason once the run is to stop", async () => {
    const { abort, progress, written } = setUp();
    abort.abort(new Error("cancelled by a lead"));
    await expect(progress.report({ done: 1 })).rejects.toThrow("cancelled by a lead");
    expect(written).toEqual([]);
  });

  test("does not fail the work when a report cannot be written", async () => {
    const progress = makeProgress({
      signal: new AbortController().signal,
      monotonicMs: () => 0,
      write: () => Promise.reject(new Error("database away")),
    });
    await progress.report({ done: 1 });
    await progress.flush();
  });
});
