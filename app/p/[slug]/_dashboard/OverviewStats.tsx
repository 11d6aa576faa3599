"use client";
import Link from "next/link";
import { countOf, formatNumber, formatPercent, formatSeconds } from "@/app/_ui/format";
import { ProgressBar } from "@/app/_ui/ProgressBar";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { Skeleton, SkeletonStat } from "@/app/_ui/Skeleton";
import { MeasuredStat, Stat } from "@/app/_ui/Stat";
import type { OverviewView } from "@/contracts/dashboards";

/** The project in six numbers, each leading to what is behind it. */
export function OverviewStats({ overview: o, slug }: { overview: OverviewView; slug: string }) {
  const items = `/p/${slug}/items`;
  return (
    <div className="flex flex-col gap-5">
      <ProgressBar label="Items resolved" value={o.nResolved} total={o.nItems} text={progressText(o)} />
      <div className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 xl:grid-cols-6">
        <Stat
          label="Labels"
          value={o.nLabels}
          href={`${items}?labelled=true`}
          detail={`${countOf(o.labelsToday, "label")} today · ${countOf(o.nSkips, "skip")}`}
        />
        <MeasuredStat label="Accuracy" measured={o.accuracy} href={`${items}?purpose=audit&labelled=true`} />
        <Stat
          label="Model"
          value={o.model ? `v${o.model.version}` : null}
          href={`/p/${slug}/models`}
          detail={
            o.model ? (
              <>
                <span className="block">
                  {o.model.trainer} · {countOf(o.model.nTrain, "training label")}
                </span>
                <span className="block">
                  {o.model.staleness === 0 ? "up to date" : `${countOf(o.model.staleness, "label")} newer`}
                  {o.model.readyAt && (
                    <>
                      {" · "}
                      <RelativeTime iso={o.model.readyAt} />
                    </>
                  )}
                </span>
              </>
            ) : (
              "trained once enough labels are in"
            )
          }
        />
        <Stat
          label="Pace"
          value={o.labelsLastHour}
          unit="per hour"
          href={`/p/${slug}/annotators`}
          detail={
            <>
              <span className="block">
                {countOf(o.activeAnnotators, "annotator")} active
                {o.medianSeconds !== null && ` · median ${formatSeconds(o.medianSeconds)}`}
              </span>
              {o.hoursLeft !== null && (
                <span className="block">at this pace {formatSeconds(o.hoursLeft * 3600)} for the rest</span>
              )}
            </>
          }
        />
        <Stat
          label="Queue"
          value={o.queueOpen}
          unit="open"
          href={`/p/${slug}/rounds`}
          detail={
            <>
              <span className="block">{countOf(o.queueLeased, "item")} on screens now</span>
              {o.lastRefill && (
                <span className="block">
                  refilled <RelativeTime iso={o.lastRefill.finishedAt} />
                  {o.lastRefill.secondsFromLabel !== null &&
                    `, ${formatSeconds(o.lastRefill.secondsFromLabel)} after the label`}
                </span>
              )}
            </>
          }
        />
        <Stat
          label="Flags"
          value={o.nOpenFlags}
          href={`${items}?flagged=true`}
          tone={o.nOpenFlags > 0 ? "warn" : undefined}
          detail={
            <Link className="underline-offset-2 hover:underline" href={`${items}?duplicates=true`}>
              {countOf(o.nDuplicates, "exact duplicate")} linked
            </Link>
          }
        />
      </div>
    </div>
  );
}

function progressText({ nResolved, nItems, nDuplicates }: OverviewView): string {
  const share = nItems === 0 ? "–" : formatPercent(nResolved / nItems);
  if (nDuplicates === 0) return `${formatNumber(nResolved)} of ${formatNumber(nItems)} (${share})`;
  const copies = nDuplicates === 1 ? "1 copy" : `${formatNumber(nDuplicates)} copies`;
  return `${formatNumber(nResolved)} of ${countOf(nItems, "distinct item")}, ${copies} (${share})`;
}

const STATS = ["labels", "accuracy", "model", "pace", "queue", "flags"];

/** The place of the six numbers while they load. */
export function OverviewSkeleton() {
  return (
    <div className="flex flex-col gap-5">
      <Skeleton className="h-7 w-full" />
      <div className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 xl:grid-cols-6">
        {STATS.map((name) => (
          <SkeletonStat key={name} />
        ))}
      </div>
    </div>
  );
}
