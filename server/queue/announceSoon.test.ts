import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pool } from "../db";
import { ANNOUNCE_EVERY_MS, announceSoon } from "./announceSoon";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function fakePool(): { pool: Pool; sent: string[] } {
  const sent: string[] = [];
  const query = async (_text: string, values: [string, string]) => {
    sent.push(values[1]);
    return { rows: [] };
  };
  return { pool: { query } as unknown as Pool, sent };
}

describe("announceSoon", () => {
  test("sends the first change at once, then at most one a second, and the last change always", () => {
    const { pool, sent } = fakePool();
    for (let i = 0; i < 100; i++) announceSoon(pool, 1, "labels");
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(ANNOUNCE_EVERY_MS);
    expect(sent).toHaveLength(2);
    vi.advanceTimersByTime(10 * ANNOUNCE_EVERY_MS);
    expect(sent).toHaveLength(2);
    announceSoon(pool, 1, "labels");
    expect(sent).toHaveLength(3);
    expect(JSON.parse(sent[2])).toEqual({ projectId: 1, topic: "labels" });
  });

  test("keeps projects, topics and databases apart, and holds no timer when nothing happens", () => {
    const a = fakePool();
    const b = fakePool();
    announceSoon(a.pool, 1, "labels");
    announceSoon(a.pool, 2, "labels");
    announceSoon(a.pool, 1, "queue");
    announceSoon(b.pool, 1, "labels");
    expect(a.sent).toHaveLength(3);
    expect(b.sent).toHaveLength(1);
    vi.advanceTimersByTime(2 * ANNOUNCE_EVERY_MS);
    expect(vi.getTimerCount()).toBe(0);
  });
});
