import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useRef } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { SECOND_MS } from "@/contracts/limits";
import type { LabelSession } from "../_session/LabelSession";

/** However fast the news come, the queue is asked this often. */
const ASK_EVERY_MS = SECOND_MS;

/**
 * While there is nothing to label, listens for news of the project and looks again. Only then: a browser has six
 * connections per host, and a tab in use must not keep one of them busy.
 */
export function useQueueNews(projectId: number, session: LabelSession, idle: boolean): void {
  const trpc = useTRPC();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useSubscription(
    trpc.events.project.subscriptionOptions(
      { projectId },
      {
        enabled: idle,
        onData() {
          timer.current ??= setTimeout(() => {
            timer.current = undefined;
            session.nudge();
          }, ASK_EVERY_MS);
        },
      },
    ),
  );
}
