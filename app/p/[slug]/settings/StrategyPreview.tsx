"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { Button } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf, formatBytes, formatNumber, formatPercent, formatSeconds } from "@/app/_ui/format";
import { ProgressBar } from "@/app/_ui/ProgressBar";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { wordReason } from "@/app/_ui/wordReason";
import type { PreviewPick, PreviewView } from "@/contracts/acquisition";
import type { ProjectStrategy, ProjectView } from "@/contracts/project";
import { getTaskType } from "@/task-types/registry";
import { sameJson } from "./mergeDraft";

const POLL_MS = 700;
const MEBIBYTE = 2 ** 20;
const DIGITS = 4;

/** The first picks of the draft on the pool as it is, before anything is applied. */
export function StrategyPreview({
  project,
  strategy,
  titleOf,
}: {
  project: ProjectView;
  strategy: ProjectStrategy;
  titleOf: (strategyId: string) => string;
}) {
  const trpc = useTRPC();
  const projectId = project.id;
  const [asked, setAsked] = useState<{ jobRunId: string; strategy: ProjectStrategy } | null>(null);
  const request = useMutation(trpc.strategy.requestPreview.mutationOptions());
  const cancel = useMutation(trpc.job.cancel.mutationOptions());
  const preview = useQuery({
    ...trpc.strategy.preview.queryOptions({ projectId, jobRunId: asked?.jobRunId ?? "" }),
    enabled: asked !== null,
    refetchInterval: ({ state }) => (isLive(state.data) ? POLL_MS : false),
  });
  const isRunning = request.isPending || (asked !== null && (preview.data === undefined || isLive(preview.data)));
  const isOld = asked !== null && !sameJson(asked.strategy, strategy);
  const start = async () => {
    const { jobRunId } = await request.mutateAsync({ projectId, strategy });
    setAsked({ jobRunId, strategy });
  };
  return (
    <Card
      title="Preview"
      description="What these settings would serve first on the pool as it is. Nothing enters the queue."
      actions={
        isRunning && asked ? (
          <Button size="sm" busy={cancel.isPending} onClick={() => cancel.mutate({ projectId, id: asked.jobRunId })}>
            Cancel
          </Button>
        ) : (
          <Button size="sm" busy={request.isPending} onClick={() => void start().catch(() => undefined)}>
            Preview 20 picks
          </Button>
        )
      }
    >
      <div className="flex flex-col gap-4">
        {request.error && <ErrorState compact error={request.error} />}
        {preview.error && <ErrorState compact error={preview.error} />}
        {isRunning && preview.data && (
          <ProgressBar
            label="Choosing"
            value={preview.data.progressTotal === null ? null : preview.data.progressDone}
            total={preview.data.progressTotal ?? 1}
            text={preview.data.message || "waiting"}
          />
        )}
        {preview.data?.state === "cancelled" && <p className="text-ink-2 text-sm">Cancelled.</p>}
        {preview.data?.state === "failed" && <Callout tone="bad">{preview.data.error}</Callout>}
        {preview.data?.result && (
          <PreviewOutcome project={project} result={preview.data.result} isOld={isOld} titleOf={titleOf} />
        )}
      </div>
    </Card>
  );
}

function isLive(view: PreviewView | undefined): boolean {
  return view === undefined || view.state === "queued" || view.state === "running";
}

function PreviewOutcome({
  project,
  result,
  isOld,
  titleOf,
}: {
  project: ProjectView;
  result: NonNullable<PreviewView["result"]>;
  isOld: boolean;
  titleOf: (strategyId: string) => string;
}) {
  const titles = getTaskType(project.taskType)
    .classes(project.taskConfig)
    .map(({ title }) => title);
  const { picks, nAlsoPresent, warnings, seconds, peakRssMiB } = result;
  return (
    <>
      {isOld && <Callout tone="warn">The settings were changed since; preview again.</Callout>}
      {warnings.map((sentence) => (
        <Callout key={sentence} tone="warn">
          {sentence}
        </Callout>
      ))}
      <p className="text-sm" role="status">
        {countOf(picks.length, "pick")}, of which {titleOf(result.presentStrategy)} as it is set now would also pick{" "}
        {formatNumber(nAlsoPresent)}. Choosing took {formatSeconds(seconds)} and {formatBytes(peakRssMiB * MEBIBYTE)} of
        memory in all.
      </p>
      {picks.length > 0 && (
        <Table label="First picks of the draft">
          <THead>
            <Th numeric>#</Th>
            <Th>Item</Th>
            <Th>Why</Th>
            <Th numeric>Score</Th>
            <Th numeric>Percentile</Th>
            <Th>Now too</Th>
          </THead>
          <TBody>
            {picks.map((pick, i) => (
              <Tr key={pick.row}>
                <Td numeric>{i + 1}</Td>
                <Td className="min-w-56 max-w-96 [overflow-wrap:anywhere]">
                  <Link
                    href={`/p/${project.slug}/items/${pick.row}`}
                    className="text-accent-text underline-offset-2 hover:underline"
                  >
                    {pick.excerpt || pick.externalId}
                  </Link>
                </Td>
                <Td className="min-w-56">{sentenceOf(pick, i, result.modelVersion, titles, titleOf)}</Td>
                <Td numeric>{pick.score === null ? "–" : formatNumber(pick.score, DIGITS)}</Td>
                <Td numeric>{pick.percentile === null ? "–" : formatPercent(pick.percentile)}</Td>
                <Td>{pick.isAlsoPresent ? "yes" : "no"}</Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
    </>
  );
}

function sentenceOf(
  pick: PreviewPick,
  rank: number,
  modelVersion: number | null,
  titles: string[],
  titleOf: (strategyId: string) => string,
): string {
  const { score, percentile, inclusion, reason, isFallback } = pick;
  return wordReason(
    {
      ...{ round: 0, rank, score, percentile, inclusion, reason, isFallback, modelVersion },
      purpose: "train",
      strategy: titleOf(pick.strategy),
    },
    titles,
  ).sentence;
}
