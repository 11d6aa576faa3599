"use client";
import { CircleCheckBig, Coffee, PauseCircle, Snowflake } from "lucide-react";
import { Button, ButtonLink } from "@/app/_ui/Button";
import { EmptyState } from "@/app/_ui/EmptyState";
import { ErrorState } from "@/app/_ui/ErrorState";
import { countOf } from "@/app/_ui/format";
import { RelativeTime } from "@/app/_ui/RelativeTime";
import { Skeleton } from "@/app/_ui/Skeleton";
import type { SessionView } from "../_session/types";

/** What stands in the item's place when there is none: why, and what happens next. */
export function IdleState({
  view,
  canImport,
  slug,
  onLook,
}: {
  view: SessionView;
  canImport: boolean;
  slug: string;
  onLook: () => void;
}) {
  switch (view.phase) {
    case "failed":
      return (
        <div className="mx-auto mt-10 w-full max-w-xl">
          <ErrorState title="No items could be fetched" error={view.problem} onRetry={onLook} />
        </div>
      );
    case "paused":
      return (
        <EmptyState icon={<PauseCircle aria-hidden="true" size={34} />} title="The project is paused">
          A lead has paused it. Your answers are kept. This page goes on by itself when the project does.
        </EmptyState>
      );
    case "frozen":
      return (
        <EmptyState icon={<Snowflake aria-hidden="true" size={34} />} title="You get no new items for now">
          A lead of the project has stopped your queue. Your answers are kept; ask the lead about it.
        </EmptyState>
      );
    case "empty":
      return <Empty view={view} canImport={canImport} slug={slug} onLook={onLook} />;
    default:
      return <StageSkeleton />;
  }
}

function Empty({ view, canImport, slug, onLook }: Parameters<typeof IdleState>[0]) {
  const { waiting, progress } = view;
  if (progress?.projectItems === 0) {
    return (
      <EmptyState
        icon={<Coffee aria-hidden="true" size={34} />}
        title="There are no items yet"
        action={canImport && <ButtonLink href={`/p/${slug}/import`}>Import items</ButtonLink>}
      >
        {canImport ? "Import some to begin." : "A lead has to import some. This page goes on by itself then."}
      </EmptyState>
    );
  }
  if (waiting && waiting.itemsLeft === 0) {
    return (
      <EmptyState icon={<CircleCheckBig aria-hidden="true" size={34} />} title="Everything is labelled">
        All {countOf(progress?.projectItems ?? 0, "item")} of the project have the answers they need. Thank you.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={<Coffee aria-hidden="true" size={34} />}
      title="Nothing for you at this moment"
      action={<Button onClick={onLook}>Look now</Button>}
    >
      <ul className="flex flex-col gap-1">
        {waiting?.refillRunning && <li>The next items are being chosen; that takes a few seconds.</li>}
        {waiting && waiting.heldByOthers > 0 && (
          <li>
            {countOf(waiting.heldByOthers, "item is", "items are")} with others
            {waiting.nextExpiryAt !== null && (
              <>
                ; the first comes free <RelativeTime iso={waiting.nextExpiryAt} /> at the latest
              </>
            )}
            .
          </li>
        )}
        {waiting && waiting.openForOthers > 0 && (
          <li>
            {countOf(waiting.openForOthers, "item waits", "items wait")} for the opinion of somebody who has not seen
            it.
          </li>
        )}
        {waiting && <li>{countOf(waiting.itemsLeft, "item is", "items are")} not settled in the whole project.</li>}
        <li>This page looks again by itself.</li>
      </ul>
    </EmptyState>
  );
}

/** Keeps the places of the item and its labels, so that nothing jumps when they come. */
export function StageSkeleton() {
  return (
    <div role="status" aria-label="Fetching items" className="flex w-full flex-1 flex-col gap-3">
      <div className="flex flex-1 flex-col justify-center gap-3 rounded-lg border border-line bg-surface px-8">
        <Skeleton className="h-6 w-full" />
        <Skeleton className="h-6 w-2/3" />
      </div>
      <div className="grid gap-2 sm:grid-cols-2">
        <Skeleton className="h-12" />
        <Skeleton className="h-12" />
      </div>
    </div>
  );
}
