"use client";
import { useMutation } from "@tanstack/react-query";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { countOf } from "@/app/_ui/format";
import { useNotifier } from "@/app/_ui/Toast";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";

/** What can be done with the chosen items, wherever in the list they stand. */
export function SelectionBar({
  project,
  rows,
  nHere,
  onDone,
}: {
  project: ProjectView;
  rows: number[];
  /** Chosen items on the page that is shown. */
  nHere: number;
  /** After something was done, or to choose nothing any more. */
  onDone: () => void;
}) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const setStatus = useMutation(
    trpc.item.setStatus.mutationOptions({
      onSuccess: ({ changed }, { status }) => {
        notify(`${countOf(changed, "item")} ${status === "excluded" ? "excluded" : "taken back"}.`);
        onDone();
      },
      onError: (e) => notify(errorMessage(e), { tone: "bad" }),
    }),
  );
  const remove = useMutation(trpc.ingest.deleteItems.mutationOptions());
  const role = project.myRole;
  if (rows.length === 0 || role === null) return null;
  const elsewhere = rows.length - nHere;
  return (
    <section
      aria-label="Chosen items"
      className="mb-3 flex flex-wrap items-center gap-2 rounded-md border border-accent-line bg-accent-soft px-3.5 py-2"
    >
      <span role="status" className="me-auto font-[550] text-sm">
        {countOf(rows.length, "item")} chosen{elsewhere > 0 && `, ${elsewhere} on other pages`}
      </span>
      {roleAllows(role, "review") && (
        <>
          <Button
            size="sm"
            busy={setStatus.isPending}
            onClick={() => setStatus.mutate({ projectId: project.id, rows, status: "excluded" })}
          >
            Exclude
          </Button>
          <Button
            size="sm"
            busy={setStatus.isPending}
            onClick={() => setStatus.mutate({ projectId: project.id, rows, status: "open" })}
          >
            Take back
          </Button>
        </>
      )}
      {roleAllows(role, "ingest") && (
        <ConfirmDialog
          title={`Delete ${countOf(rows.length, "item")}?`}
          action={`Delete ${countOf(rows.length, "item")}`}
          tone="danger"
          trigger={<Button size="sm">Delete</Button>}
          onConfirm={async () => {
            const { deleted } = await remove.mutateAsync({ projectId: project.id, rows });
            notify(`${countOf(deleted, "item")} deleted.`);
            onDone();
          }}
        >
          Their content is removed for good and nobody is asked about them any more. Annotations stay in the log.
          {elsewhere > 0 && ` ${elsewhere} of them are on other pages of this list.`}
        </ConfirmDialog>
      )}
      <Button size="sm" variant="ghost" onClick={onDone}>
        Clear
      </Button>
    </section>
  );
}
