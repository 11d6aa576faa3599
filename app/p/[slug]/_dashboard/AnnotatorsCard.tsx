"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "@/app/_rpc/client";
import { Badge } from "@/app/_ui/Badge";
import { Card } from "@/app/_ui/Card";
import { ErrorState } from "@/app/_ui/ErrorState";
import { formatMeasured, formatNumber, formatSeconds } from "@/app/_ui/format";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import type { AnnotatorRow, Measured } from "@/contracts/dashboards";

/** One row per person: what they did, how fast, and how far they agree with the others. */
export function AnnotatorsCard({
  projectId,
  slug,
  shown,
  className,
}: {
  projectId: number;
  slug: string;
  /** Rows at most; all when absent. */
  shown?: number;
  className?: string;
}) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.dashboard.annotators.queryOptions({ projectId }));
  return (
    <Card
      title="Who labels?"
      padded={false}
      className={className}
      actions={
        shown !== undefined && (
          <Link className="text-accent-text text-sm underline-offset-2 hover:underline" href={`/p/${slug}/annotators`}>
            {data && data.length > shown ? `All ${formatNumber(data.length)} annotators` : "Annotators"}
          </Link>
        )
      }
    >
      <div className="px-2 pb-3">
        {error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <div className="px-3 pb-3">
            <SkeletonText lines={6} />
          </div>
        ) : (
          <Table label="Annotators">
            <THead>
              <Th>Name</Th>
              <Th>Role</Th>
              <Th numeric>Labels</Th>
              <Th numeric>Skips</Th>
              <Th numeric>Undone</Th>
              <Th numeric>Late</Th>
              <Th numeric>Median time</Th>
              <Th numeric>Agreement</Th>
              <Th numeric>Suggestions taken</Th>
              <Th numeric>Holds</Th>
              <Th>Last seen</Th>
            </THead>
            <TBody>
              {data.slice(0, shown).map((a) => (
                <AnnotatorLine key={a.userId} annotator={a} slug={slug} />
              ))}
            </TBody>
          </Table>
        )}
      </div>
    </Card>
  );
}

function AnnotatorLine({ annotator: a, slug }: { annotator: AnnotatorRow; slug: string }) {
  const items = `/p/${slug}/items?annotatorId=${encodeURIComponent(a.userId)}`;
  return (
    <Tr>
      <Td className="min-w-40">
        <span dir="auto">{a.name}</span>
        {a.isSimulated && <Badge className="ms-2">simulated</Badge>}
        {a.frozen && (
          <Badge tone="warn" className="ms-2">
            frozen
          </Badge>
        )}
      </Td>
      <Td>{a.role}</Td>
      <Td numeric>
        <CountLink count={a.labels} href={items} of={`labels of ${a.name}`} />
      </Td>
      <Td numeric>{formatNumber(a.skips)}</Td>
      <Td numeric>{formatNumber(a.undone)}</Td>
      <Td numeric>
        <CountLink count={a.late} href={`${items}&late=true`} of={`late labels of ${a.name}`} />
      </Td>
      <Td numeric>{a.medianSeconds === null ? "–" : formatSeconds(a.medianSeconds)}</Td>
      <Td numeric>
        <MeasuredCell measured={a.agreement} href={`${items}&disagreement=true`} of={`disagreements of ${a.name}`} />
      </Td>
      <Td numeric>
        <MeasuredCell measured={a.acceptedSuggestions} />
      </Td>
      <Td numeric>{a.holds}</Td>
      <Td className="whitespace-nowrap">
        <RelativeTime iso={a.lastAt} />
      </Td>
    </Tr>
  );
}

/** A count that leads to its items; plain where there are none. */
function CountLink({ count, href, of }: { count: number; href: string; of: string }) {
  if (count === 0) return <>0</>;
  return (
    <Link
      className="text-accent-text underline-offset-2 hover:underline"
      href={href}
      aria-label={`${formatNumber(count)} ${of}`}
    >
      {formatNumber(count)}
    </Link>
  );
}

function MeasuredCell({ measured, href, of }: { measured: Measured | null; href?: string; of?: string }) {
  if (measured === null) return <>–</>;
  const { value, interval } = formatMeasured(measured);
  return (
    <span title={`95 % interval; n = ${measured.n}; ${measured.sample}`}>
      {href ? (
        <Link
          className="text-accent-text underline-offset-2 hover:underline"
          href={href}
          aria-label={`${value}, ${of}`}
        >
          {value}
        </Link>
      ) : (
        value
      )}
      <span className="block whitespace-nowrap text-ink-3 text-xs">{interval}</span>
    </span>
  );
}
