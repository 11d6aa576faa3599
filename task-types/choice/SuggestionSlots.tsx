import { memo } from "react";
import { Keycap } from "../_shared/Keycap";
import { ariaKey, Share, ShareLine } from "./LabelButtons";
import type { ChoiceLabel } from "./schema";

/** The likeliest labels, best first, each with a digit of its own. The place stays when there are none. */
export const SuggestionSlots = memo(function SuggestionSlots({
  labels,
  likely,
  keys,
  current,
  onChoose,
}: {
  labels: readonly ChoiceLabel[];
  likely: readonly [string, number][];
  keys: readonly string[];
  current: string | null;
  onChoose(id: string): void;
}) {
  const titles = new Map(labels.map((label) => [label.id, label.title]));
  const shown = likely.slice(0, keys.length).filter(([id]) => titles.has(id));
  if (shown.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form; these buttons act at once.
    <div role="group" aria-label="Suggestions" className="grid shrink-0 gap-1.5 overflow-y-auto">
      {shown.map(([id, share], i) => (
        <button
          key={id}
          type="button"
          aria-pressed={current === id}
          aria-keyshortcuts={ariaKey(keys[i])}
          onClick={() => onChoose(id)}
          className={`relative flex min-h-11 items-center gap-2.5 overflow-hidden rounded-md border px-3 py-1.5 text-start text-base transition-colors duration-75 active:bg-accent-soft ${i > 2 ? "max-sm:hidden" : ""} ${
            current === id
              ? "border-accent bg-accent-soft ring-1 ring-accent"
              : i === 0
                ? "border-accent bg-raised hover:bg-hover"
                : "border-line-strong/55 bg-raised hover:bg-hover"
          }`}
        >
          <span dir="auto" className="min-w-0 flex-1 font-[550] [overflow-wrap:anywhere]">
            {titles.get(id)}
          </span>
          <Share share={share} isFirst={i === 0} />
          {id === (current ?? shown[0][0]) && <Keycap name="enter" />}
          <Keycap name={keys[i]} />
          <ShareLine share={share} />
        </button>
      ))}
    </div>
  );
});
