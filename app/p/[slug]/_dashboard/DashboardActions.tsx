"use client";
import { useMutation } from "@tanstack/react-query";
import { Pause, Play, RefreshCw, Tags, Undo2 } from "lucide-react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { Button, ButtonLink } from "@/app/_ui/Button";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { useNotifier } from "@/app/_ui/Toast";
import type { ProjectView } from "@/contracts/project";

/** What a lead does from the dashboard: label, retrain, pause, take leases back. */
export function DashboardActions({ project, canManage }: { project: ProjectView; canManage: boolean }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const fail = (error: unknown) => notify(errorMessage(error), { tone: "bad" });
  const retrain = useMutation(
    trpc.model.retrain.mutationOptions({ onSuccess: () => notify("Training is queued."), onError: fail }),
  );
  const setStatus = useMutation(trpc.project.setStatus.mutationOptions({ onError: fail }));
  const release = useMutation(
    trpc.queue.releaseAll.mutationOptions({
      onSuccess: ({ released }) => notify(`${released} leases taken back; drafts are kept.`),
    }),
  );
  const isPaused = project.status === "paused";
  return (
    <>
      {canManage && (
        <>
          <Button
            icon={<RefreshCw aria-hidden="true" size={15} />}
            busy={retrain.isPending}
            onClick={() => retrain.mutate({ projectId: project.id })}
          >
            Retrain now
          </Button>
          <Button
            icon={isPaused ? <Play aria-hidden="true" size={15} /> : <Pause aria-hidden="true" size={15} />}
            busy={setStatus.isPending}
            onClick={() => setStatus.mutate({ projectId: project.id, status: isPaused ? "active" : "paused" })}
          >
            {isPaused ? "Resume" : "Pause"}
          </Button>
          <ConfirmDialog
            title="Take all leases back?"
            action="Release leases"
            trigger={<Button icon={<Undo2 aria-hidden="true" size={15} />}>Release leases</Button>}
            onConfirm={() => release.mutateAsync({ projectId: project.id })}
          >
            Items that are on annotators' screens go back to the queue. Answers that still arrive are kept and marked
            late.
          </ConfirmDialog>
        </>
      )}
      <ButtonLink variant="primary" href={`/p/${project.slug}/label`} icon={<Tags aria-hidden="true" size={15} />}>
        Label
      </ButtonLink>
    </>
  );
}
