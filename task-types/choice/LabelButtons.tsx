import { memo } from "react";
import { Keycap } from "../_shared/Keycap";
import type { ChoiceLabel } from "./schema";

/** What both ways of showing labels need. */
export interface LabelView {
  labels: readonly ChoiceLabel[];
  /** Key of each label, by position. */
  keys: readonly (string | null)[];
  /** Probability per label id; only the likeliest are known. */
  shares: ReadonlyMap<string, number>;
  /** The marked answer. */
  current: string | null;
  /** The model's first choice. */
  suggested: string | null;
  onChoose(id: string): void;
}

/** A few labels: one button each, in their fixed order, so that hand and eye can learn the places. */
export const LabelButtons = memo(function LabelButtons(view: LabelView) {
  const columns = view.labels.length <= 3 ? "sm:grid-cols-[repeat(auto-fit,minmax(0,1fr))]" : "sm:grid-cols-2";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form; these buttons act at once.
    <div
      role="group"
      aria-label="Labels"
      className={`grid gap-2 ${view.labels.length > 6 ? "grid-cols-2 lg:grid-cols-4" : "grid-cols-1"} ${columns}`}
    >
      {view.labels.map((label, i) => (
        <LabelButton
          key={label.id}
          label={label}
          hotkey={view.keys[i]}
          share={view.shares.get(label.id) ?? null}
          isMarked={view.current === label.id}
          isSuggested={view.suggested === label.id}
          hasEnter={label.id === (view.current ?? view.suggested)}
          showDescription={view.labels.length <= 6}
          onChoose={view.onChoose}
        />
      ))}
    </div>
  );
});

const LabelButton = memo(function LabelButton({
  label,
  hotkey,
  share,
  isMarked,
  isSuggested,
  hasEnter,
  showDescription,
  onChoose,
}: {
  label: ChoiceLabel;
  hotkey: string | null;
  share: number | null;
  isMarked: boolean;
  isSuggested: boolean;
  /** Enter answers with this one. */
  hasEnter: boolean;
  showDescription: boolean;
  onChoose(id: string): void;
}) {
  return (
    <button
      type="button"
      aria-pressed={isMarked}
      aria-keyshortcuts={hotkey ? ariaKey(hotkey) : undefined}
      title={showDescription ? undefined : label.description}
      onClick={() => onChoose(label.id)}
      className={`relative flex min-h-12 items-center gap-3 overflow-hidden rounded-md border px-3.5 py-2 text-start text-base transition-colors duration-75 active:bg-accent-soft ${
        isMarked
          ? "border-accent bg-accent-soft ring-1 ring-accent"
          : isSuggested
            ? "border-accent bg-raised hover:bg-hover"
            : "border-line-strong/55 bg-raised hover:bg-hover"
      }`}
    >
      <Swatch color={label.color} />
      <span className="min-w-0 flex-1">
        <span dir="auto" className="block font-[550] [overflow-wrap:anywhere]">
          {label.title}
        </span>
        {showDescription && label.description && (
          <span dir="auto" className="line-clamp-2 text-ink-3 text-xs">
            {label.description}
          </span>
        )}
      </span>
      {share !== null && <Share share={share} isFirst={isSuggested} />}
      {hasEnter && <Keycap name="enter" />}
      {hotkey && <Keycap name={hotkey} />}
      {share !== null && <ShareLine share={share} />}
    </button>
  );
});

/** A label's own colour as a mark; never the only carrier of meaning. */
export function Swatch({ color }: { color?: string }) {
  if (!color) return null;
  return <span aria-hidden="true" className="size-2.5 shrink-0 rounded-full" style={{ background: color }} />;
}

/** How sure the model is. Screen readers hear that it is a suggestion. */
export function Share({ share, isFirst }: { share: number; isFirst: boolean }) {
  const percent = Math.round(share * 100);
  return (
    <span className={`tnum shrink-0 text-sm ${isFirst ? "font-[550] text-accent-text" : "text-ink-3"}`}>
      <span className="sr-only">{isFirst ? ", suggested, " : ", "}</span>
      {percent < 1 ? "<1" : percent} %
    </span>
  );
}

export function ShareLine({ share }: { share: number }) {
  return (
    <span
      aria-hidden="true"
      className="absolute start-0 bottom-0 h-0.5 bg-accent-line"
      style={{ inlineSize: `${share * 100}%` }}
    />
  );
}

/** A key name in the form that aria-keyshortcuts wants. */
export function ariaKey(name: string): string {
  return name.startsWith("shift+") ? `Shift+${name.slice(6)}` : name;
}
