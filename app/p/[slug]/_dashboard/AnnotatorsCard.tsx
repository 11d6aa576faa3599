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
import type { Measured } from "@/contracts/dashboards";

/** One row per person: what they did, how fast, and how far they agree with the others. */
export function AnnotatorsCard({ projectId, slug }: { projectId: number; slug: string }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.dashboard.annotators.queryOptions({ projectId }));
  return (
    <Card title="Who labels?" padded={false} className="mt-5">
      <div className="px-2 pb-3">
        {error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <SkeletonText lines={4} />
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
              {data.map((a) => (
                <Tr key={a.userId}>
                  <Td>
                    <Link
                      className="text-accent-text underline-offset-2 hover:underline"
                      href={`/p/${slug}/items?annotatorId=${encodeURIComponent(a.userId)}`}
                    >
                      {a.name}
                    </Link>
                    {a.isSimulated && <Badge className="ms-2">simulated</Badge>}
                    {a.frozen && (
                      <Badge tone="warn" className="ms-2">
                        frozen
                      </Badge>
                    )}
                  </Td>
                  <Td>{a.role}</Td>
                  <Td numeric>{formatNumber(a.labels)}</Td>
                  <Td numeric>{formatNumber(a.skips)}</Td>
                  <Td numeric>{formatNumber(a.undone)}</Td>
                  <Td numeric>{formatNumber(a.late)}</Td>
                  <Td numeric>{a.medianSeconds === null ? "–" : formatSeconds(a.medianSeconds)}</Td>
                  <Td numeric>
                    <MeasuredCell measured={a.agreement} />
                  </Td>
                  <Td numeric>
                    <MeasuredCell measured={a.acceptedSuggestions} />
                  </Td>
                  <Td numeric>{a.holds}</Td>
                  <Td className="whitespace-nowrap">
                    <RelativeTime iso={a.lastAt} />
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

function MeasuredCell({ measured }: { measured: Measured | null }) {
  if (measured === null) return <>–</>;
  const { value, interval } = formatMeasured(measured);
  return (
    <span title={`${interval ?? ""}, n = ${measured.n}, ${measured.sample}`}>
      {value}
      <span className="block text-ink-3 text-xs">{interval}</span>
    </span>
  );
}
