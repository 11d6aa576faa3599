"use client";
import { useMutation } from "@tanstack/react-query";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import type { Tone } from "@/app/_ui/Badge";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { ProgressBar } from "@/app/_ui/ProgressBar";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { useNotifier } from "@/app/_ui/Toast";
import type { JobName, JobRunView, JobState } from "@/contracts/jobs";

const TITLES: Record<JobName, string> = {
  "ingestion.run": "Import of a file",
  "items.index": "Search index",
  "features.build": "Features of items",
  "training.retrain": "Training",
  "prediction.predict": "Predictions",
  "prediction.assemble": "Outside predictions",
  "queue.refill": "Queue refill",
  "evaluation.measure": "Measurement",
  "demo.simulate": "Simulated annotators",
  "training.tick": "Schedule",
};
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
  const title = TITLES[job.kind] ?? job.kind;
  const isLive = job.state === "queued" || job.state === "running";
  return (
    <li className="flex flex-col gap-1.5 py-2.5">
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
      {(job.error ?? (isLive || job.message ? job.message : null)) && (
        <p className={job.error ? "text-bad text-sm" : "text-ink-2 text-sm"}>{job.error?.message ?? job.message}</p>
      )}
    </li>
  );
}
