import type { ProjectEvent } from "@/contracts/events";
import { TOPICS } from "@/contracts/events";
import { getDatabaseUrl } from "../env";
import { getLogger } from "../log";
import { Listener } from "./listen";
import { PROJECT_CHANNEL } from "./notifyProject";

const shared = globalThis as typeof globalThis & { __winnowListener?: Listener };

/** The process's one listening connection. */
export function getListener(): Listener {
  shared.__winnowListener ??= new Listener(getDatabaseUrl(), getLogger({ part: "listen" }));
  return shared.__winnowListener;
}

/**
 * What changes in a project (undefined: in all), until `signal` is aborted. Events that the reader has not taken yet are
 * merged by project and topic, so a slow reader costs bounded memory and misses nothing. After a lost database
 * connection every topic of the project is reported once, because what happened meanwhile is unknown; without a project
 * id the reader gets nothing for the gap and must not rely on it.
 */
export async function* listenProject(
  projectId: number | undefined,
  signal: AbortSignal,
  listener: Listener = getListener(),
): AsyncGenerator<ProjectEvent, void, undefined> {
  const waiting = new Map<string, ProjectEvent>();
  let wake = (): void => undefined;
  const add = (event: ProjectEvent): void => {
    waiting.set(`${event.projectId}:${event.topic}`, event);
    wake();
  };
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  const unsubscribe = await listener.subscribe(PROJECT_CHANNEL, {
    onPayload: (payload) => {
      const event = JSON.parse(payload) as ProjectEvent;
      if (projectId === undefined || event.projectId === projectId) add(event);
    },
    onGap: () => {
      if (projectId !== undefined) for (const topic of TOPICS) add({ projectId, topic });
    },
  });
  try {
    while (!signal.aborted) {
      const next = waiting.entries().next();
      if (next.done) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted) resolve();
        });
        continue;
      }
      const [key, event] = next.value;
      waiting.delete(key);
      yield event;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    unsubscribe();
  }
}
