"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useRef } from "react";
import type { Topic } from "@/contracts/events";
import { TOPICS } from "@/contracts/events";
import { useTRPC } from "./client";

/** Pages refresh at most this often however fast labels arrive. */
const REFRESH_EVERY_MS = 1_000;

/** Which queries a topic puts out of date, by router (and procedure). */
const QUERIES_OF: Record<Topic, readonly (readonly string[])[]> = {
  labels: [["dashboard"], ["item"], ["annotation", "flags"]],
  queue: [
    ["queue", "status"],
    ["dashboard", "overview"],
  ],
  jobs: [["job"], ["dashboard", "overview"]],
  models: [["model"], ["dashboard"], ["project", "get"]],
  items: [["item"], ["dashboard", "overview"]],
  imports: [["imports"], ["item"], ["dashboard", "overview"]],
  metrics: [["dashboard"], ["model"]],
  settings: [["project"], ["dashboard", "overview"]],
  members: [["member"], ["invitation"], ["dashboard", "annotators"]],
};

/**
 * Keeps what a page shows of a project up to date: listens to its events and asks again for what they concern, gathered
 * for a second so that a burst of labels costs one refresh.
 */
export function useLiveProject(projectId: number): "connecting" | "live" | "lost" {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const waiting = useRef(new Set<Topic>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hadConnection = useRef(false);

  useEffect(() => () => clearTimeout(timer.current), []);

  function refresh(): void {
    timer.current = undefined;
    const paths = [...waiting.current].flatMap((topic) => QUERIES_OF[topic]);
    waiting.current.clear();
    void queryClient.invalidateQueries({
      predicate: ({ queryKey }) => {
        const path = queryKey[0] as readonly string[] | undefined;
        return Array.isArray(path) && paths.some((wanted) => wanted.every((part, i) => path[i] === part));
      },
    });
  }

  function note(topics: readonly Topic[]): void {
    for (const topic of topics) waiting.current.add(topic);
    timer.current ??= setTimeout(refresh, REFRESH_EVERY_MS);
  }

  const { status } = useSubscription(
    trpc.events.project.subscriptionOptions(
      { projectId },
      {
        onStarted: () => {
          // What happened while the connection was lost is unknown: everything may be out of date.
          if (hadConnection.current) note(TOPICS);
          hadConnection.current = true;
        },
        onData: ({ topic }) => note([topic]),
      },
    ),
  );
  return status === "pending" ? "live" : status === "error" ? "lost" : "connecting";
}
