"use client";
import { useState } from "react";
import { LdmEndsChart, LdmHistogram } from "@/app/_charts/LdmCharts";
import { Card } from "@/app/_ui/Card";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { formatNumber } from "@/app/_ui/format";
import { Select } from "@/app/_ui/Select";
import { SkeletonText } from "@/app/_ui/Skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "@/app/_ui/Table";
import type { LdmRoundView } from "@/contracts/acquisition";

const FACTS: [string, string][] = [
  ["hypotheses", "Nudges used"],
  ["reference", "Reference items"],
  ["median", "Median score"],
  ["distinct", "Different scores"],
  ["sizes", "Sizes tried"],
  ["leastSize", "Smallest size"],
  ["largestSize", "Largest size"],
];
const DIGITS = 4;

/** How LDM saw the pool, round by round. */
export function LdmTab({
  query: { data, error, refetch },
}: {
  query: { data: LdmRoundView[] | undefined; error: unknown; refetch: () => unknown };
}) {
  const [wanted, setWanted] = useState<string | null>(null);
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonText lines={10} />;
  if (data.length === 0) {
    return (
      <EmptyState title="No round by LDM yet">
        It ranks the pool once there is a model with a linear last layer and labels enough for the switch.
      </EmptyState>
    );
  }
  const shown = data.find((view) => String(view.round) === wanted) ?? data[0];
  const facts = FACTS.filter(([key]) => data.some((view) => view.facts[key] !== undefined));
  return (
    <div className="flex flex-col gap-5">
      <div className="grid gap-5 lg:grid-cols-2">
        <Card
          title="One round"
          actions={
            <Select
              aria-label="Round"
              size="sm"
              options={data.map((view) => ({ value: String(view.round), label: `Round ${view.round}` }))}
              value={String(shown.round)}
              onValueChange={setWanted}
            />
          }
        >
          <LdmHistogram view={shown} />
        </Card>
        <Card title="All rounds">
          <LdmEndsChart rounds={[...data].reverse()} />
        </Card>
      </div>
      <Card
        title="The search"
        description="How hard each round looked for the smallest change of the model."
        padded={false}
      >
        <Table label="The search, by round">
          <THead>
            <Th numeric>Round</Th>
            <Th numeric>Candidates</Th>
            {facts.map(([key, title]) => (
              <Th key={key} numeric>
                {title}
              </Th>
            ))}
          </THead>
          <TBody>
            {data.map((view) => (
              <Tr key={view.round}>
                <Td numeric>{view.round}</Td>
                <Td numeric>{formatNumber(view.scored)}</Td>
                {facts.map(([key]) => (
                  <Td key={key} numeric>
                    {view.facts[key] === undefined ? "–" : formatNumber(view.facts[key], DIGITS)}
                  </Td>
                ))}
              </Tr>
            ))}
          </TBody>
        </Table>
      </Card>
    </div>
  );
}
