"use client";
import { useMutation } from "@tanstack/react-query";
import { Pause, Play, RefreshCw, Shuffle, Tags, Undo2 } from "lucide-react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { Button, ButtonLink } from "@/app/_ui/Button";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { countOf } from "@/app/_ui/format";
import { useNotifier } from "@/app/_ui/Toast";
import type { OverviewView } from "@/contracts/dashboards";
import type { ProjectView } from "@/contracts/project";

/** What a lead does from the dashboard: label, retrain, pause, take leases back, change the strategy. */
export function DashboardActions({
  project,
  overview,
  canManage,
}: {
  project: ProjectView;
  overview: OverviewView | undefined;
  canManage: boolean;
}) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const retrain = useMutation(
    trpc.model.retrain.mutationOptions({
      onSuccess: () => notify("Training is queued."),
      onError: (error) => notify(errorMessage(error), { tone: "bad" }),
    }),
  );
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
          <PauseButton project={project} />
          <ReleaseButton projectId={project.id} leased={overview?.queueLeased} />
          <ButtonLink href={`/p/${project.slug}/settings?tab=strategy`} icon={<Shuffle aria-hidden="true" size={15} />}>
            Strategy
          </ButtonLink>
        </>
      )}
      <ButtonLink variant="primary" href={`/p/${project.slug}/label`} icon={<Tags aria-hidden="true" size={15} />}>
        Label
      </ButtonLink>
    </>
  );
}

function PauseButton({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const setStatus = useMutation(
    trpc.project.setStatus.mutationOptions({
      onSuccess: (_, { status }) => notify(status === "paused" ? "Paused." : "Active again."),
      onError: (error) => notify(errorMessage(error), { tone: "bad" }),
    }),
  );
  if (project.status !== "active") {
    return (
      <Button
        icon={<Play aria-hidden="true" size={15} />}
        busy={setStatus.isPending}
        onClick={() => setStatus.mutate({ projectId: project.id, status: "active" })}
      >
        Resume
      </Button>
    );
  }
  return (
    <ConfirmDialog
      title="Pause the project?"
      action="Pause"
      trigger={<Button icon={<Pause aria-hidden="true" size={15} />}>Pause</Button>}
      onConfirm={() => setStatus.mutateAsync({ projectId: project.id, status: "paused" })}
    >
      Nobody is given another item until you resume. What is on screens now can still be answered.
    </ConfirmDialog>
  );
}

function ReleaseButton({ projectId, leased }: { projectId: number; leased: number | undefined }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const release = useMutation(
    trpc.queue.releaseAll.mutationOptions({
      onSuccess: ({ released }) => notify(`${countOf(released, "lease")} taken back; drafts are kept.`),
    }),
  );
  return (
    <ConfirmDialog
      title="Take all leases back?"
      action="Release leases"
      trigger={
        <Button disabled={leased === 0} icon={<Undo2 aria-hidden="true" size={15} />}>
          Release leases
        </Button>
      }
      onConfirm={() => release.mutateAsync({ projectId })}
    >
      {leased === undefined
        ? "Items that are on annotators' screens go back to the queue."
        : `${countOf(leased, "item")} on annotators' screens ${leased === 1 ? "goes" : "go"} back to the queue.`}{" "}
      Answers that still arrive are kept and marked late.
    </ConfirmDialog>
  );
}
