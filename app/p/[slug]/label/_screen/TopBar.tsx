"use client";
import { ArrowLeft, BookOpen, Clock3, Keyboard, SlidersHorizontal } from "lucide-react";
import Link from "next/link";
import { memo } from "react";
import { UserMenu } from "@/app/_ui/AppHeader";
import { formatNumber, formatPercent } from "@/app/_ui/format";
import { IconButton } from "@/app/_ui/IconButton";
import { Menu, MenuCheck, MenuChoice, MenuSeparator } from "@/app/_ui/Menu";
import type { ViewerView } from "@/contracts/access";
import type { AnnotatorProgress } from "@/contracts/queue";
import type { AnnotatorPreferences } from "@/task-types/types";
import type { Outbox } from "../_outbox/Outbox";
import { OutboxBadge } from "./OutboxDialog";
import { useOutbox } from "./useOutbox";

const SUGGESTIONS_FIRST = [
  { value: "null", label: "When there are many labels" },
  { value: "true", label: "Always" },
  { value: "false", label: "Never" },
] as const;

/** Where one is, how far it has come, and the few switches of the screen. */
export const TopBar = memo(function TopBar({
  user,
  projectName,
  leaveHref,
  progress,
  outbox,
  onOutbox,
  guidelinesChanged,
  guidelinesOpen,
  preferences,
  onLeave,
  onGuidelines,
  onRecent,
  onKeys,
  onPreferences,
}: {
  user: ViewerView;
  projectName: string;
  leaveHref: string;
  progress: AnnotatorProgress | null;
  outbox: Outbox;
  onOutbox: () => void;
  guidelinesChanged: boolean;
  guidelinesOpen: boolean;
  preferences: AnnotatorPreferences;
  onLeave: () => void;
  onGuidelines: () => void;
  onRecent: () => void;
  onKeys: () => void;
  onPreferences: (changes: Partial<AnnotatorPreferences>) => void;
}) {
  return (
    <header className="border-line border-b">
      <div className="flex h-12 items-center gap-1 px-2 sm:gap-2 sm:px-4">
        <Link
          href={leaveHref}
          onClick={onLeave}
          className="flex h-9 min-w-0 items-center gap-2 rounded-md pe-2.5 ps-1.5 text-ink-2 text-sm hover:bg-hover hover:text-ink"
        >
          <ArrowLeft aria-hidden="true" size={18} className="shrink-0" />
          <span className="sr-only">Leave labelling: </span>
          <span className="truncate font-[550] text-ink max-sm:sr-only">{projectName}</span>
        </Link>
        <ProgressText progress={progress} outbox={outbox} />
        <OutboxBadge outbox={outbox} onClick={onOutbox} />
        <span className="relative">
          <IconButton
            label={guidelinesChanged ? "Guidelines (changed)" : "Guidelines"}
            hotkey="g"
            pressed={guidelinesOpen}
            onClick={onGuidelines}
          >
            <BookOpen aria-hidden="true" size={18} />
          </IconButton>
          {guidelinesChanged && (
            <span aria-hidden="true" className="absolute end-1 top-1 size-2 rounded-full bg-accent ring-2 ring-page" />
          )}
        </span>
        <IconButton label="Your last answers" className="xl:hidden" onClick={onRecent}>
          <Clock3 aria-hidden="true" size={18} />
        </IconButton>
        <IconButton label="Keys" hotkey="?" className="max-sm:hidden" onClick={onKeys}>
          <Keyboard aria-hidden="true" size={18} />
        </IconButton>
        <Menu
          trigger={
            <IconButton label="How you work">
              <SlidersHorizontal aria-hidden="true" size={18} />
            </IconButton>
          }
        >
          <MenuChoice
            label="Likely labels first"
            value={String(preferences.suggestionsFirst)}
            options={SUGGESTIONS_FIRST}
            onValueChange={(value) => onPreferences({ suggestionsFirst: value === "null" ? null : value === "true" })}
          />
          <MenuSeparator />
          <MenuCheck checked={preferences.confirm} onCheckedChange={(confirm) => onPreferences({ confirm })}>
            Confirm with Enter
          </MenuCheck>
        </Menu>
        <UserMenu user={user} />
      </div>
      <ProgressStripe progress={progress} />
    </header>
  );
});

function ProgressText({ progress, outbox }: { progress: AnnotatorProgress | null; outbox: Outbox }) {
  const unsent = useOutbox(outbox, (view) => view.unsent);
  const share = progress && progress.projectItems > 0 ? progress.projectResolved / progress.projectItems : null;
  return (
    <p className="tnum flex min-w-0 flex-1 items-center justify-center gap-4 text-ink-3 text-sm">
      {progress && (
        <>
          <span>
            <span className="font-[580] text-ink" data-mine-today={progress.mineToday}>
              {formatNumber(progress.mineToday + unsent)}
            </span>{" "}
            today
          </span>
          <span className="max-md:hidden">{formatNumber(progress.mineTotal + unsent)} in all</span>
          {share !== null && (
            <span className="max-lg:hidden">
              project {formatNumber(progress.projectResolved)} of {formatNumber(progress.projectItems)} (
              {formatPercent(share)})
            </span>
          )}
        </>
      )}
    </p>
  );
}

function ProgressStripe({ progress }: { progress: AnnotatorProgress | null }) {
  const resolved = progress?.projectResolved ?? 0;
  const items = Math.max(progress?.projectItems ?? 0, 1);
  return (
    <div
      role="progressbar"
      aria-label="Items of the project that are settled"
      aria-valuemin={0}
      aria-valuemax={items}
      aria-valuenow={Math.min(resolved, items)}
      className="-mb-px h-0.5"
    >
      <div
        className="h-full bg-accent transition-[width] duration-300"
        style={{ width: `${(resolved / items) * 100}%` }}
      />
    </div>
  );
}
