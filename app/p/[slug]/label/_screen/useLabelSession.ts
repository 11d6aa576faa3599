"use client";
import { useEffect, useState } from "react";
import { useTRPCClient } from "@/app/_rpc/client";
import { readWireError } from "@/app/_ui/readWireError";
import type { ViewerView } from "@/contracts/access";
import type { ProjectView } from "@/contracts/project";
import type { TaskType } from "@/task-types/types";
import { DraftStore } from "../_outbox/DraftStore";
import { makeOutbox } from "../_outbox/makeOutbox";
import { makeUuid } from "../_outbox/makeUuid";
import type { Outbox } from "../_outbox/Outbox";
import { LabelSession } from "../_session/LabelSession";
import { readTabId } from "../_session/readTabId";
import type { SessionApi } from "../_session/types";
import { followRefusals } from "./followRefusals";
import { useFreshLabels } from "./useFreshLabels";

let tabId: Promise<string> | undefined;

/** The session and the outbox of this page; null until the browser's database is open. */
export function useLabelSession(
  project: ProjectView,
  user: ViewerView,
  taskType: TaskType,
): { session: LabelSession; outbox: Outbox } | null {
  const client = useTRPCClient();
  const [parts, setParts] = useState<{ session: LabelSession; outbox: Outbox } | null>(null);
  const projectId = project.id;
  const labels = useFreshLabels(project);

  // biome-ignore lint/correctness/useExhaustiveDependencies: later settings reach the session by setProject below.
  useEffect(() => {
    let isGone = false;
    let end = () => {};
    async function begin() {
      tabId ??= readTabId();
      const tab = await tabId;
      const { outbox, close } = await makeOutbox(user.id, (input, signal) =>
        client.annotation.submit.mutate(input, { signal }),
      );
      if (isGone) return close();
      const api: SessionApi = {
        claim: (input) => client.queue.claim.mutate(input).then(labels.noteClaim),
        renew: (tokens) => client.queue.renew.mutate({ projectId, tokens }),
        release: (tokens) => client.queue.release.mutate({ projectId, tokens }),
        leave: (tokens) => sendLeaving(projectId, tokens),
        undo: (input) => client.annotation.undo.mutate({ projectId, ...input }),
        history: (limit) => client.annotation.history.query({ projectId, limit }),
        saveDraft: (row, value) => client.annotation.saveDraft.mutate({ projectId, row, value }),
      };
      const session = new LabelSession({
        project,
        user,
        tab,
        api,
        outbox,
        drafts: new DraftStore(user.id, projectId),
        isSameAnswer: (a, b) => taskType.agreement(labels.config(), a, b) === 1,
        formatAnswer: (value) => titleOf(taskType, labels.config(), value),
        readError: readWireError,
        now: () => performance.now(),
        wallTime: (ms) => new Date(performance.timeOrigin + ms).toISOString(),
        makeUuid,
        schedule(callback, afterMs) {
          const timer = setTimeout(callback, afterMs);
          return () => clearTimeout(timer);
        },
      });
      outbox.onDelivered(({ submissionId, result }) => session.delivered(submissionId, result.seq, result.progress));
      followRefusals(outbox, session, projectId, labels.reload);
      end = () => {
        session.stop();
        close();
      };
      setParts({ session, outbox });
      await session.start();
    }
    void begin();
    return () => {
      isGone = true;
      end();
    };
  }, [projectId, user.id]);

  useEffect(() => parts?.session.setProject(project), [parts, project]);
  return parts;
}

/** `queue.leave`, in a request that the browser carries out although the page is gone. */
function sendLeaving(projectId: number, tokens: string[]): void {
  fetch("/api/trpc/queue.leave", {
    method: "POST",
    keepalive: true,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ projectId, tokens }),
  }).catch(() => undefined);
}

/** An answer in words: the title of its label where it stands for one, else what the export would say. */
export function titleOf(taskType: TaskType, config: unknown, value: unknown): string {
  const index = taskType.classIndex(config, value);
  if (index !== undefined) return taskType.classes(config)[index].title;
  return taskType.formatValue(config, value);
}
