import type { Topic } from "@/contracts/events";
import { SECOND_MS } from "@/contracts/limits";
import type { Pool } from "../db";
import { notifyProject } from "../jobs";
import { getLogger } from "../log";

/** Least time between two announcements of one topic of one project by this process. */
export const ANNOUNCE_EVERY_MS = SECOND_MS;

interface Announcement {
  timer: NodeJS.Timeout;
  /** Something happened since the last announcement. */
  isDue: boolean;
}

const running = new WeakMap<Pool, Map<string, Announcement>>();

/**
 * Tells the project's pages, soon, that something of this topic changed: at once for the first change, then at most once
 * a second, the last change always. Call it after the commit.
 *
 * Outside the transaction on purpose: NOTIFY takes a lock of the whole server when its transaction commits, so that a
 * notification in each submit would make every project's submits wait for each other's disk write. What may get lost when
 * the process dies is a page's refresh, never data.
 */
export function announceSoon(db: Pool, projectId: number, topic: Topic): void {
  const all = running.get(db) ?? new Map<string, Announcement>();
  running.set(db, all);
  const key = `${projectId}:${topic}`;
  const known = all.get(key);
  if (known) {
    known.isDue = true;
    return;
  }
  const announcement: Announcement = { isDue: false, timer: setInterval(tick, ANNOUNCE_EVERY_MS) };
  announcement.timer.unref();
  all.set(key, announcement);
  send();

  function tick(): void {
    if (announcement.isDue) {
      announcement.isDue = false;
      send();
      return;
    }
    clearInterval(announcement.timer);
    all.delete(key);
  }

  function send(): void {
    // Nobody waits for it: a page that misses one hears the next, or asks again after its connection is back.
    notifyProject(db, projectId, topic).catch((error) => {
      getLogger({ part: "queue" }).debug("announcement failed", { projectId, topic, error });
    });
  }
}
