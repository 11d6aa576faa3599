"use client";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { useNotifier } from "@/app/_ui/Toast";
import type { ProjectView } from "@/contracts/project";

export function DangerPanel({ project }: { project: ProjectView }) {
  const trpc = useTRPC();
  const router = useRouter();
  const { notify } = useNotifier();
  const setStatus = useMutation(
    trpc.project.setStatus.mutationOptions({ onError: (e) => notify(errorMessage(e), { tone: "bad" }) }),
  );
  const remove = useMutation(trpc.project.delete.mutationOptions());
  const isArchived = project.status === "archived";
  return (
    <div className="flex max-w-3xl flex-col gap-5">
      <Card
        title={isArchived ? "Take out of the archive" : "Archive"}
        description="An archived project serves nobody and trains nothing; everything can still be read and exported."
      >
        <Button
          busy={setStatus.isPending}
          onClick={() => setStatus.mutate({ projectId: project.id, status: isArchived ? "active" : "archived" })}
        >
          {isArchived ? "Make active again" : "Archive the project"}
        </Button>
      </Card>
      <Card title="Delete" description="The project disappears for everyone. Export its labels first.">
        <ConfirmDialog
          title={`Delete ${project.name}?`}
          action="Delete the project"
          tone="danger"
          typeToConfirm={project.slug}
          trigger={<Button variant="danger">Delete the project</Button>}
          onConfirm={async () => {
            await remove.mutateAsync({ projectId: project.id, confirmSlug: project.slug });
            router.push("/");
          }}
        >
          Items, labels and models can no longer be reached by anyone.
        </ConfirmDialog>
      </Card>
    </div>
  );
}
