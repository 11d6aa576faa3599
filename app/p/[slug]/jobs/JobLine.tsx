"use client";
import { useMutation } from "@tanstack/react-query";
import clsx from "clsx";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import type { Tone } from "@/app/_ui/Badge";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { ProgressBar } from "@/app/_ui/ProgressBar";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { useNotifier } from "@/app/_ui/Toast";
import type { JobRunView, JobState } from "@/contracts/jobs";
import { JOB_TITLES } from "@/contracts/jobs";
import { wordOutcome } from "./wordOutcome";

const STATES: Record<JobState, { tone: Tone; word: string }> = {
  queued: { tone: "neutral", word: "Queued" },
  running: { tone: "accent", word: "Running" },
  succeeded: { tone: "good", word: "Done" },
  failed: { tone: "bad", word: "Failed" },
  cancelled: { tone: "warn", word: "Cancelled" },
};

/** One background job: what, how far, since when, and its end; cancel and retry where they make sense. */
export function JobLine({ job, projectId, canManage }: { job: JobRunView; projectId: number; canManage: boolean }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const onError = (error: unknown) => notify(errorMessage(error), { tone: "bad" });
  const cancel = useMutation(trpc.job.cancel.mutationOptions({ onError }));
  const retry = useMutation(trpc.job.retry.mutationOptions({ onError }));
  const title = JOB_TITLES[job.kind] ?? job.kind;
  const outcome = job.error?.message ?? wordOutcome(job);
  return (
    <li className="flex flex-col gap-1 py-2.5">
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <span className="font-[550]">{title}</span>
        <Badge tone={STATES[job.state].tone}>{STATES[job.state].word}</Badge>
        {job.attempts > 1 && <span className="text-ink-3 text-xs">try {job.attempts}</span>}
        <span className="ms-auto text-ink-3 text-xs">
          <RelativeTime iso={job.finishedAt ?? job.startedAt ?? job.createdAt} />
        </span>
        {canManage && job.canCancel && (
          <Button size="sm" busy={cancel.isPending} onClick={() => cancel.mutate({ projectId, id: job.id })}>
            Cancel
          </Button>
        )}
        {canManage && job.state === "failed" && (
          <Button size="sm" busy={retry.isPending} onClick={() => retry.mutate({ projectId, id: job.id })}>
            Try again
          </Button>
        )}
      </div>
      {job.state === "running" && (
        <ProgressBar
          label={`Progress of ${title}`}
          labelHidden
          value={job.progressTotal === null ? null : job.progressDone}
          total={job.progressTotal ?? 1}
          text={
            job.progressTotal === null
              ? undefined
              : `${Math.round((100 * job.progressDone) / Math.max(1, job.progressTotal))} %`
          }
        />
      )}
      {outcome !== "" && (
        <p className={clsx("text-sm [overflow-wrap:anywhere]", job.error ? "text-bad" : "text-ink-2")}>{outcome}</p>
      )}
    </li>
  );
}
