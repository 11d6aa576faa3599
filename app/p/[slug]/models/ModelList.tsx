"use client";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { Box, RefreshCw } from "lucide-react";
import { useState } from "react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { ConfirmDialog } from "@/app/_ui/ConfirmDialog";
import { Dialog } from "@/app/_ui/Dialog";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { formatMeasured, formatNumber, formatSeconds } from "@/app/_ui/format";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { Pager } from "@/app/_ui/Pager";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { useNotifier } from "@/app/_ui/Toast";
import type { ModelVersionRow } from "@/contracts/dashboards";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { useCursorPages } from "../_dashboard/useCursorPages";

const PAGE_ROWS = 25;

/** Model versions: what each was trained on, how good it is, and the way back to it. */
export function ModelList({ project: initial }: { project: ProjectView }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  useLiveProject(initial.id);
  const projectId = initial.id;
  const { data: project } = useQuery({ ...trpc.project.get.queryOptions({ projectId }), initialData: initial });
  const pages = useCursorPages<number>();
  const { data, error, refetch, isFetching } = useQuery({
    ...trpc.model.list.queryOptions({ projectId, limit: PAGE_ROWS, cursor: pages.cursor }),
    placeholderData: keepPreviousData,
  });
  const onError = (e: unknown) => notify(errorMessage(e), { tone: "bad" });
  const retrain = useMutation(
    trpc.model.retrain.mutationOptions({ onSuccess: () => notify("Training is queued."), onError }),
  );
  const activate = useMutation(trpc.model.activate.mutationOptions());
  const unpin = useMutation(
    trpc.model.unpin.mutationOptions({ onSuccess: () => notify("The newest version is used again."), onError }),
  );
  const canManage = project.myRole !== null && roleAllows(project.myRole, "manage");
  const [shown, setShown] = useState<ModelVersionRow | null>(null);
  return (
    <Page>
      <PageHeader
        title="Model versions"
        description="Every training makes a new version that never changes. Rolling back pins an older one until you unpin it."
        actions={
          canManage && (
            <Button
              variant="primary"
              icon={<RefreshCw aria-hidden="true" size={15} />}
              busy={retrain.isPending}
              onClick={() => retrain.mutate({ projectId })}
            >
              Retrain now
            </Button>
          )
        }
      />
      {project.pinnedModelVersion !== null && (
        <Callout
          tone="warn"
          className="mb-4"
          title={`Version ${project.pinnedModelVersion} is pinned`}
          action={
            canManage && (
              <Button size="sm" busy={unpin.isPending} onClick={() => unpin.mutate({ projectId })}>
                Unpin
              </Button>
            )
          }
        >
          Newer versions are trained and measured, but suggestions and the queue come from the pinned one.
        </Callout>
      )}
      <Card padded={false}>
        <div className="p-2">
          {error ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : !data ? (
            <SkeletonText lines={8} />
          ) : data.rows.length === 0 ? (
            <EmptyState icon={<Box aria-hidden="true" size={28} />} title="No model yet">
              The first version is trained after {project.retrainPolicy.minLabels} labels.
            </EmptyState>
          ) : (
            <>
              <ModelTable
                rows={data.rows}
                canManage={canManage}
                onShow={setShown}
                onRollBack={(version) => activate.mutateAsync({ projectId, version })}
              />
              <Pager
                label="model versions"
                hasPrevious={pages.hasPrevious}
                hasNext={data.nextCursor !== null}
                busy={isFetching}
                onPrevious={pages.previous}
                onNext={() => data.nextCursor !== null && pages.next(data.nextCursor)}
              />
            </>
          )}
        </div>
      </Card>
      <Dialog
        open={shown !== null}
        onOpenChange={(open) => !open && setShown(null)}
        title={shown ? `Model version ${shown.version}` : ""}
        size="lg"
      >
        {shown && <ModelDetails model={shown} />}
      </Dialog>
    </Page>
  );
}

function ModelTable({
  rows,
  canManage,
  onShow,
  onRollBack,
}: {
  rows: ModelVersionRow[];
  canManage: boolean;
  onShow: (model: ModelVersionRow) => void;
  onRollBack: (version: number) => Promise<unknown>;
}) {
  return (
    <Table label="Model versions">
      <THead>
        <Th numeric>Version</Th>
        <Th>State</Th>
        <Th>Accuracy (audit)</Th>
        <Th numeric>Training labels</Th>
        <Th>Trainer</Th>
        <Th numeric>Took</Th>
        <Th>When</Th>
        <Th>
          <span className="sr-only">Actions</span>
        </Th>
      </THead>
      <TBody>
        {rows.map((m) => (
          <Tr key={m.version}>
            <Td numeric>{m.version}</Td>
            <Td>
              <ModelState model={m} />
            </Td>
            <Td>{m.accuracy ? <AccuracyCell model={m} /> : <span className="text-ink-3">not measured</span>}</Td>
            <Td numeric>{formatNumber(m.nTrain)}</Td>
            <Td>{m.trainer}</Td>
            <Td numeric>{m.durationMs === null ? "–" : formatSeconds(m.durationMs / 1000)}</Td>
            <Td className="whitespace-nowrap">
              <RelativeTime iso={m.createdAt} />
            </Td>
            <Td>
              <span className="flex justify-end gap-2">
                <Button size="sm" aria-label={`Details of version ${m.version}`} onClick={() => onShow(m)}>
                  Details
                </Button>
                {canManage && m.state === "ready" && !m.isActive && (
                  <ConfirmDialog
                    title={`Use version ${m.version} again?`}
                    action="Roll back"
                    trigger={
                      <Button size="sm" aria-label={`Roll back to version ${m.version}`}>
                        Roll back
                      </Button>
                    }
                    onConfirm={() => onRollBack(m.version)}
                  >
                    Suggestions and the queue will come from version {m.version}, trained on {formatNumber(m.nTrain)}{" "}
                    labels. It stays pinned until you unpin it; no label is lost.
                  </ConfirmDialog>
                )}
              </span>
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function ModelState({ model }: { model: ModelVersionRow }) {
  if (model.state === "failed") return <Badge tone="bad">Failed</Badge>;
  if (model.state === "training") return <Badge tone="accent">Training</Badge>;
  if (model.isPinned) return <Badge tone="warn">In use, pinned</Badge>;
  return model.isActive ? <Badge tone="good">In use</Badge> : <Badge>Ready</Badge>;
}

function AccuracyCell({ model }: { model: ModelVersionRow }) {
  if (!model.accuracy) return null;
  const { value, interval } = formatMeasured(model.accuracy);
  return (
    <span className="tnum whitespace-nowrap">
      {value}
      {interval && <span className="ms-2 text-ink-3 text-xs">{interval}</span>}
      <span className="ms-2 text-ink-3 text-xs">n = {formatNumber(model.accuracy.n)}</span>
    </span>
  );
}

function ModelDetails({ model }: { model: ModelVersionRow }) {
  const facts: [string, string][] = [
    ["Trained on labels up to", `number ${formatNumber(model.trainedThroughSeq)}`],
    ["Training labels", formatNumber(model.nTrain)],
    ["Feature version", model.featureVersion === null ? "none" : String(model.featureVersion)],
    ["Backend", model.backend],
    ["Seed", model.seed],
    ["Data hash", model.dataHash],
  ];
  return (
    <div className="flex flex-col gap-4">
      {model.error && <Callout tone="bad">{model.error}</Callout>}
      <dl className="grid gap-x-6 gap-y-1.5 text-sm sm:grid-cols-[auto_1fr]">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{name}</dt>
            <dd className="[overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
      <section>
        <h3 className="mb-1.5 font-[550] text-sm">Metrics of the training itself</h3>
        <pre className="max-h-72 overflow-auto rounded-md bg-sunken p-3 font-mono text-xs" tabIndex={0}>
          {JSON.stringify(model.metrics, null, 2)}
        </pre>
      </section>
    </div>
  );
}
