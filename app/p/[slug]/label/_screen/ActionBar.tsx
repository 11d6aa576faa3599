"use client";
import { Flag, SkipForward, Undo2 } from "lucide-react";
import type { ReactNode } from "react";
import { Kbd } from "@/app/_ui/Kbd";

/** Undo, skip and flag: under the thumbs on a phone, quiet on a desk. */
export function ActionBar({
  canUndo,
  undoing,
  canAct,
  onUndo,
  onSkip,
  onFlag,
}: {
  canUndo: boolean;
  undoing: boolean;
  canAct: boolean;
  onUndo: () => void;
  onSkip: () => void;
  onFlag: () => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form.
    <div role="group" aria-label="Actions" className="grid grid-cols-3 gap-2 sm:flex sm:justify-center">
      <Action
        label={undoing ? "Undoing" : "Undo"}
        hotkey="u"
        icon={<Undo2 aria-hidden="true" size={17} />}
        disabled={!canUndo || undoing}
        onClick={onUndo}
      />
      <Action
        label="Skip"
        hotkey="s"
        icon={<SkipForward aria-hidden="true" size={17} />}
        disabled={!canAct}
        onClick={onSkip}
      />
      <Action
        label="Flag"
        hotkey="f"
        icon={<Flag aria-hidden="true" size={17} />}
        disabled={!canAct}
        onClick={onFlag}
      />
    </div>
  );
}

function Action({
  label,
  hotkey,
  icon,
  disabled,
  onClick,
}: {
  label: string;
  hotkey: string;
  icon: ReactNode;
  disabled: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      aria-keyshortcuts={hotkey}
      disabled={disabled}
      onClick={onClick}
      className="inline-flex h-11 items-center justify-center gap-2 rounded-md border border-line bg-surface px-3.5 text-ink-2 text-sm enabled:hover:bg-hover enabled:hover:text-ink disabled:opacity-50 sm:h-9"
    >
      {icon}
      {label}
      <span aria-hidden="true" className="pointer-coarse:hidden">
        <Kbd>{hotkey.toUpperCase()}</Kbd>
      </span>
    </button>
  );
}
