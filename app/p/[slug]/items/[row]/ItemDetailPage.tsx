"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import { useLiveProject } from "@/app/_rpc/useLiveProject";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { formatNumber, formatPercent, formatSeconds, formatUtc } from "@/app/_ui/format";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { useNotifier } from "@/app/_ui/Toast";
import type { AnnotationView, ItemDetail } from "@/contracts/items";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { useStrategyTitles } from "../../_dashboard/useStrategyTitles";
import { STATUS_TONES, STATUS_WORDS, titleOf } from "../ItemTable";
import { useLastListAddress } from "../useItemPages";

/** One item whole: content, every annotation ever made on it, and why it was served each time. */
export function ItemDetailPage({ project, row }: { project: ProjectView; row: number }) {
  const trpc = useTRPC();
  useLiveProject(project.id);
  const back = useLastListAddress(project.slug);
  const { data: item, error, refetch } = useQuery(trpc.item.get.queryOptions({ projectId: project.id, row }));
  return (
    <Page>
      <Link href={back} className="mb-3 inline-flex items-center gap-1.5 text-ink-2 text-sm hover:text-ink">
        <ArrowLeft aria-hidden="true" size={15} /> Items
      </Link>
      <PageHeader
        title={`Item ${row}`}
        description={item?.externalId}
        actions={
          item && (
            <>
              <span role="status" className="flex items-center">
                <Badge tone={STATUS_TONES[item.status]}>{STATUS_WORDS[item.status]}</Badge>
              </span>
              <StatusButton item={item} project={project} onChanged={refetch} />
            </>
          )
        }
      />
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : item ? (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <div className="flex min-w-0 flex-col gap-5">
            <ContentCard item={item} />
            <AnnotationsCard item={item} project={project} />
            <ServedCard item={item} project={project} />
          </div>
          <div className="flex min-w-0 flex-col gap-5">
            <LabelCard item={item} project={project} />
            <SuggestionCard item={item} project={project} />
            <FlagsCard item={item} project={project} />
          </div>
        </div>
      ) : (
        <SkeletonText lines={10} />
      )}
    </Page>
  );
}

function ContentCard({ item }: { item: ItemDetail }) {
  return (
    <Card title="Content">
      {"text" in item.content ? (
        <p
          dir="auto"
          className="max-h-[32rem] overflow-y-auto whitespace-pre-wrap text-lg [overflow-wrap:anywhere]"
          tabIndex={0}
        >
          {item.content.text}
        </p>
      ) : (
        <Facts entries={Object.entries(item.content.fields).map(([k, v]) => [k, v === null ? "–" : String(v)])} />
      )}
      {item.meta && Object.keys(item.meta).length > 0 && (
        <section className="mt-5 border-line border-t pt-4">
          <h3 className="eyebrow mb-2">Kept beside it</h3>
          <Facts
            entries={Object.entries(item.meta).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)])}
          />
        </section>
      )}
    </Card>
  );
}

/** Takes the item out of the pool, or back in. Its answers stay. */
function StatusButton({
  item,
  project,
  onChanged,
}: {
  item: ItemDetail;
  project: ProjectView;
  onChanged: () => Promise<unknown>;
}) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const setStatus = useMutation(
    trpc.item.setStatus.mutationOptions({
      onSuccess: onChanged,
      onError: (e) => notify(errorMessage(e), { tone: "bad" }),
    }),
  );
  if (project.myRole === null || !roleAllows(project.myRole, "review")) return null;
  const isExcluded = item.status === "excluded";
  return (
    <Button
      size="sm"
      busy={setStatus.isPending}
      onClick={() =>
        setStatus.mutate({ projectId: project.id, rows: [item.row], status: isExcluded ? "open" : "excluded" })
      }
    >
      {isExcluded ? "Take back" : "Exclude"}
    </Button>
  );
}

function ItemLinks({ rows, slug }: { rows: readonly number[]; slug: string }) {
  return (
    <span className="flex flex-wrap gap-x-2">
      {rows.map((row) => (
        <Link key={row} className="text-accent-text hover:underline" href={`/p/${slug}/items/${row}`}>
          Item {row}
        </Link>
      ))}
    </span>
  );
}

function Facts({ entries }: { entries: [string, ReactNode][] }) {
  return (
    <dl className="grid gap-x-6 gap-y-1.5 sm:grid-cols-[minmax(6rem,auto)_1fr]">
      {entries.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3 text-sm">{name}</dt>
          <dd dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function LabelCard({ item, project }: { item: ItemDetail; project: ProjectView }) {
  const type = getTaskType(project.taskType);
  const nOpinions = item.annotations.filter((a) => a.kind === "label" && !a.retracted).length;
  return (
    <Card title="Label">
      {item.consensus == null ? (
        <p className="mb-3 text-ink-2 text-sm">Not resolved yet.</p>
      ) : (
        <p className="mb-3 font-[560] text-xl">{titleOf(type, project, item.consensus)}</p>
      )}
      <Facts
        entries={[
          ["Opinions", String(nOpinions)],
          ["Agreement", item.agreement === null ? "–" : formatPercent(item.agreement)],
          ["Added", formatUtc(item.createdAt)],
          [
            "Copies",
            item.duplicates.length === 0 ? "none" : <ItemLinks key="c" rows={item.duplicates} slug={project.slug} />,
          ],
          ...(item.duplicateOf === null
            ? []
            : [
                ["Copy of", <ItemLinks key="o" rows={[item.duplicateOf]} slug={project.slug} />] as [string, ReactNode],
              ]),
        ]}
      />
    </Card>
  );
}

function SuggestionCard({ item, project }: { item: ItemDetail; project: ProjectView }) {
  const suggestion = item.suggestion;
  const titles = new Map(
    getTaskType(project.taskType)
      .classes(project.taskConfig)
      .map((c) => [c.id, c.title]),
  );
  return (
    <Card
      title="What the model thinks"
      description={suggestion ? `Version ${suggestion.modelVersion}, ${suggestion.trainer}` : undefined}
    >
      {suggestion ? (
        <ul className="flex flex-col gap-2">
          {suggestion.top.map(([id, p]) => (
            <li key={id}>
              <span className="flex justify-between gap-4 text-sm">
                <span>{titles.get(id) ?? id}</span>
                <span className="tnum text-ink-2">{formatPercent(p)}</span>
              </span>
              <span aria-hidden="true" className="mt-1 block h-1.5 rounded-full bg-hover">
                <span className="block h-full rounded-full bg-accent" style={{ width: `${p * 100}%` }} />
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-ink-2 text-sm">No model version has predicted it yet.</p>
      )}
    </Card>
  );
}

function AnnotationsCard({ item, project }: { item: ItemDetail; project: ProjectView }) {
  const type = getTaskType(project.taskType);
  const answer = (a: AnnotationView) =>
    a.kind === "skip" ? "skipped" : a.kind === "retract" ? `withdrew ${a.supersedes}` : titleOf(type, project, a.value);
  return (
    <Card title="Annotations" description="The whole log, withdrawn answers included." padded={false}>
      <div className="px-2 pb-3">
        {item.annotations.length === 0 ? (
          <p className="px-3 pb-2 text-ink-2 text-sm">Nobody has answered yet.</p>
        ) : (
          <Table label="Annotations">
            <THead>
              <Th numeric>No.</Th>
              <Th>Who</Th>
              <Th>Answer</Th>
              <Th>Marks</Th>
              <Th numeric>Time taken</Th>
              <Th>When</Th>
            </THead>
            <TBody>
              {item.annotations.map((a) => (
                <Tr key={a.seq} className={a.retracted ? "text-ink-3 line-through" : undefined}>
                  <Td numeric>{a.seq}</Td>
                  <Td>{a.annotatorName ?? a.source}</Td>
                  <Td>
                    {answer(a)}
                    {a.reason && <span className="block text-ink-3 text-xs">{a.reason}</span>}
                  </Td>
                  <Td>
                    <span className="flex flex-wrap gap-1">
                      {a.purpose !== "train" && <Badge tone="accent">{a.purpose}</Badge>}
                      {a.isLate && <Badge tone="warn">late</Badge>}
                      {a.isExtra && <Badge>extra</Badge>}
                      {a.source !== "human" && <Badge>{a.source}</Badge>}
                      {a.suggestionShown && <Badge>saw suggestion</Badge>}
                    </span>
                  </Td>
                  <Td numeric>{a.elapsedMs === null ? "–" : formatSeconds(a.elapsedMs / 1000)}</Td>
                  <Td className="whitespace-nowrap">
                    <RelativeTime iso={a.at} />
                  </Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        )}
      </div>
    </Card>
  );
}

function ServedCard({ item, project }: { item: ItemDetail; project: ProjectView }) {
  const titleOfStrategy = useStrategyTitles(project.id);
  return (
    <Card title="Why it was served" padded={false}>
      <div className="px-2 pb-3">
        {item.served.length === 0 ? (
          <p className="px-3 pb-2 text-ink-2 text-sm">No round has picked it.</p>
        ) : (
          <Table label="Queue entries">
            <THead>
              <Th numeric>Round</Th>
              <Th>Strategy</Th>
              <Th>Purpose</Th>
              <Th numeric>Rank</Th>
              <Th numeric>Score</Th>
              <Th numeric>Percentile</Th>
              <Th numeric>Inclusion probability</Th>
              <Th numeric>Model</Th>
              <Th>State</Th>
            </THead>
            <TBody>
              {item.served.map((s) => (
                <Tr key={`${s.round}/${s.slot}/${s.purpose}/${s.state}`}>
                  <Td numeric>
                    <Link
                      className="text-accent-text hover:underline"
                      href={`/p/${project.slug}/items?round=${s.round}`}
                    >
                      {s.round}
                    </Link>
                  </Td>
                  <Td>
                    {titleOfStrategy(s.strategy)}
                    {s.isFallback && (
                      <Badge tone="warn" className="ms-2">
                        fallback
                      </Badge>
                    )}
                  </Td>
                  <Td>{s.purpose}</Td>
                  <Td numeric>{s.rank + 1}</Td>
                  <Td numeric>{s.score === null ? "–" : formatNumber(s.score, 4)}</Td>
                  <Td numeric>{s.percentile === null ? "–" : formatPercent(s.percentile, 2)}</Td>
                  <Td numeric>{s.inclusion === null ? "none: chosen, not drawn" : formatNumber(s.inclusion, 5)}</Td>
                  <Td numeric>{s.modelVersion === null ? "–" : `v${s.modelVersion}`}</Td>
                  <Td>
                    {s.state}
                    {s.leasedBy && <span className="block text-ink-3 text-xs">{s.leasedBy}</span>}
                  </Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        )}
      </div>
    </Card>
  );
}

function FlagsCard({ item, project }: { item: ItemDetail; project: ProjectView }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const resolve = useMutation(
    trpc.annotation.resolveFlag.mutationOptions({ onError: (e) => notify(errorMessage(e), { tone: "bad" }) }),
  );
  if (item.flags.length === 0) return null;
  const canResolve = project.myRole !== null && roleAllows(project.myRole, "review");
  return (
    <Card title="Flags">
      <ul className="flex flex-col gap-3">
        {item.flags.map((flag) => (
          <li key={flag.id} className="flex flex-col gap-1 text-sm">
            <span className="flex items-center gap-2">
              <span className="font-[550]">{flag.userName}</span>
              <span className="text-ink-3 text-xs">
                <RelativeTime iso={flag.createdAt} />
              </span>
              {flag.resolvedAt && <Badge tone="good">resolved</Badge>}
            </span>
            <span dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">
              {flag.comment}
            </span>
            {canResolve && flag.resolvedAt === null && (
              <Button
                size="sm"
                className="w-fit"
                busy={resolve.isPending}
                onClick={() => resolve.mutate({ projectId: project.id, id: flag.id })}
              >
                Resolve
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
