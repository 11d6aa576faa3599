"use client";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "@/app/_rpc/client";
import { formatNumber, formatPercent } from "@/app/_ui/format";
import type { ComparedVersion, CurveComparison } from "@/contracts/dashboards";

/** What the two curves allow to say, in one sentence, and no more than that. */
export function ComparisonNote({
  projectId,
  otherId,
  slug,
  titleOf,
}: {
  projectId: number;
  otherId: number;
  slug: string;
  titleOf: (strategyId: string) => string;
}) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.dashboard.comparison.queryOptions({ projectId, otherId }));
  if (!data) return null;
  const { mine, other, difference } = data;
  const names = nameBoth(data, titleOf);
  return (
    <div className="rounded-md bg-sunken px-3.5 py-2.5 text-sm">
      <p className="text-ink">
        {labelsText(mine, other, names)}: {names[0]} <Share version={mine} slug={slug} />, {names[1]}{" "}
        <Share version={other} />. Difference <strong className="tnum font-[620]">{points(difference.value)}</strong>
        {difference.lower !== null && difference.upper !== null && (
          <span className="tnum">
            {" "}
            (95{"\u202f"}% interval {points(difference.lower, false)} to {points(difference.upper)})
          </span>
        )}
        : {judge(data, names)}
      </p>
      <p className="mt-0.5 text-ink-3 text-xs">
        Audit samples of {formatNumber(mine.n)} and {formatNumber(other.n)} items; {difference.method}.
        {mine.demoTruth !== null && other.demoTruth !== null && (
          <>
            {" "}
            By the hidden labels: {formatPercent(mine.demoTruth)} and {formatPercent(other.demoTruth)}.
          </>
        )}
      </p>
    </div>
  );
}

function Share({ version, slug }: { version: ComparedVersion; slug?: string }) {
  const text = <span className="tnum">{formatPercent(version.value)}</span>;
  if (!slug) return text;
  return (
    <Link className="underline-offset-2 hover:underline" href={`/p/${slug}/items?purpose=audit&labelled=true`}>
      {text}
    </Link>
  );
}

function nameBoth({ mine, other }: CurveComparison, titleOf: (strategyId: string) => string): [string, string] {
  return mine.strategy === other.strategy
    ? [mine.projectName, other.projectName]
    : [titleOf(mine.strategy), titleOf(other.strategy)];
}

function labelsText(mine: ComparedVersion, other: ComparedVersion, names: [string, string]): string {
  const a = formatNumber(mine.nTrain);
  const b = formatNumber(other.nTrain);
  return a === b ? `At ${a} training labels` : `At ${a} (${names[0]}) and ${b} (${names[1]}) training labels`;
}

/** A difference of shares in percentage points, with its sign. */
function points(difference: number, withUnit = true): string {
  const text = (Math.abs(difference) * 100).toFixed(1);
  const sign = text === "0.0" ? "" : difference < 0 ? "−" : "+";
  return `${sign}${text}${withUnit ? " points" : ""}`;
}

function judge({ difference: { lower, upper } }: CurveComparison, [mine, other]: [string, string]): string {
  if (lower !== null && lower > 0) return `${mine} is ahead.`;
  if (upper !== null && upper < 0) return `${other} is ahead.`;
  return "too close to call with so few audits.";
}
