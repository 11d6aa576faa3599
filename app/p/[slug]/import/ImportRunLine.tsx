"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { errorMessage, useTRPC } from "@/app/_rpc/client";
import type { Tone } from "@/app/_ui/Badge";
import { Badge } from "@/app/_ui/Badge";
import { Button } from "@/app/_ui/Button";
import { Dialog } from "@/app/_ui/Dialog";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf, formatBytes, formatNumber } from "@/app/_ui/format";
import { ProgressBar } from "@/app/_ui/ProgressBar";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import { useNotifier } from "@/app/_ui/Toast";
import type { ImportRunView } from "@/contracts/ingestion";
import type { ProjectView } from "@/contracts/project";

const ERRORS_SHOWN = 50;

const STATES: Record<ImportRunView["state"], { tone: Tone; word: string }> = {
  queued: { tone: "neutral", word: "Queued" },
  running: { tone: "accent", word: "Running" },
  done: { tone: "good", word: "Done" },
  doneWithErrors: { tone: "warn", word: "Done, some rows refused" },
  refused: { tone: "bad", word: "Refused" },
  cancelled: { tone: "warn", word: "Cancelled" },
  failed: { tone: "bad", word: "Failed" },
};

/** Ends of which the message says the same counts in words. */
const COUNTS_SAY_ALL: ReadonlySet<ImportRunView["state"]> = new Set(["done", "doneWithErrors"]);

/** One import: how far it is, what came of it, and its refused rows. */
export function ImportRunLine({ run, project }: { run: ImportRunView; project: ProjectView }) {
  const trpc = useTRPC();
  const { notify } = useNotifier();
  const cancel = useMutation(
    trpc.imports.cancel.mutationOptions({ onError: (e) => notify(errorMessage(e), { tone: "bad" }) }),
  );
  const isLive = run.state === "queued" || run.state === "running";
  return (
    <li className="flex flex-col gap-2 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="font-[550] [overflow-wrap:anywhere]">
          {run.number}. {run.fileName}
        </span>
        <Badge tone={STATES[run.state].tone}>{STATES[run.state].word}</Badge>
        <span className="text-ink-3 text-xs">
          {formatBytes(run.sizeBytes)} · <RelativeTime iso={run.finishedAt ?? run.createdAt} />
        </span>
        <span className="ms-auto flex gap-2">
          {run.nErrors > 0 && <ErrorRows run={run} projectId={project.id} />}
          {isLive && (
            <Button
              size="sm"
              busy={cancel.isPending}
              onClick={() => cancel.mutate({ projectId: project.id, number: run.number })}
            >
              Cancel
            </Button>
          )}
        </span>
      </div>
      {isLive && (
        <ProgressBar
          label="Read so far"
          value={run.progress}
          total={1}
          text={`${formatNumber(run.nRead)} rows${run.progress === null ? "" : `, ${Math.floor(run.progress * 100)} %`}`}
        />
      )}
      <p className="flex flex-wrap gap-x-3 text-ink-2 text-sm">
        <Link className="underline-offset-2 hover:underline" href={`/p/${project.slug}/items?importRun=${run.number}`}>
          {countOf(run.nInserted, "new item")}
        </Link>
        <span>{formatNumber(run.nExisting)} known already</span>
        <span>{countOf(run.nDuplicates, "exact duplicate")} linked</span>
        <span>{countOf(run.nLabels, "label")} came along</span>
        {run.nErrors > 0 && <span className="text-warn">{countOf(run.nErrors, "row")} refused</span>}
      </p>
      {run.message && !COUNTS_SAY_ALL.has(run.state) && <p className="text-ink-2 text-sm">{run.message}</p>}
    </li>
  );
}

function ErrorRows({ run, projectId }: { run: ImportRunView; projectId: number }) {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const errors = useQuery({
    ...trpc.imports.errors.queryOptions({ projectId, number: run.number, limit: ERRORS_SHOWN }),
    enabled: open,
  });
  return (
    <Dialog
      title="Refused rows"
      description={
        run.nErrors > ERRORS_SHOWN
          ? `The first ${ERRORS_SHOWN} of ${formatNumber(run.nErrors)}. Download them in their own columns, mend them there and import that file.`
          : `${countOf(run.nErrors, "row")} of the file became no item. Download them in their own columns, mend them there and import that file.`
      }
      size="lg"
      open={open}
      onOpenChange={setOpen}
      trigger={<Button size="sm">Refused rows</Button>}
      footer={
        <span className="flex flex-wrap gap-x-4">
          {(run.format === "csv" || run.format === "tsv" ? ["csv"] : ["jsonl", "csv"]).map((ending) => (
            <a
              key={ending}
              className="text-accent-text underline underline-offset-2"
              href={`/api/v1/projects/${projectId}/imports/${run.number}/errors.${ending}`}
            >
              Download as {ending === "csv" ? "CSV" : "JSON Lines"}
            </a>
          ))}
        </span>
      }
    >
      {errors.error ? (
        <ErrorState error={errors.error} onRetry={() => void errors.refetch()} />
      ) : !errors.data ? (
        <SkeletonText lines={6} />
      ) : (
        <Table label="Refused rows">
          <THead>
            <Th numeric>Line</Th>
            <Th>Field</Th>
            <Th>Why</Th>
            <Th>Excerpt</Th>
          </THead>
          <TBody>
            {errors.data.rows.map((e) => (
              <Tr key={`${e.line}/${e.field}/${e.code}`}>
                <Td numeric>{e.line}</Td>
                <Td>{e.field ?? "–"}</Td>
                <Td>{e.message}</Td>
                <Td className="max-w-60 truncate font-mono text-xs">{e.excerpt}</Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
    </Dialog>
  );
}
