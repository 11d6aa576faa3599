import type { KeyboardEvent, RefObject } from "react";
import { memo, useEffect, useId, useMemo, useRef, useState } from "react";
import { Keycap } from "../_shared/Keycap";
import type { LabelView } from "./LabelButtons";
import { ariaKey, Share, Swatch } from "./LabelButtons";
import type { ChoiceLabel } from "./schema";
import { searchLabels } from "./searchLabels";

/**
 * Many labels: a search box over a list. Typing filters, arrows move the highlight, Enter chooses it, Escape empties the
 * box and then leaves it. Without a search the list stands in its fixed order.
 */
export const LabelSearch = memo(function LabelSearch({
  labels,
  keys,
  shares,
  current,
  suggested,
  onChoose,
  inputRef,
}: LabelView & { inputRef: RefObject<HTMLInputElement | null> }) {
  const [search, setSearch] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const hits = useMemo(() => searchLabels(labels, search), [labels, search]);
  const searching = search.trim() !== "";
  const highlighted = Math.min(at, hits.length - 1);
  const optionId = (index: number) => `${listId}-${index}`;

  // The highlight is moved from the search box, so the browser does not scroll to it by itself.
  useEffect(() => {
    list.current?.querySelector(`[data-highlighted=true]`)?.scrollIntoView({ block: "nearest" });
  });

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing) return;
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(hits.length - 1, highlighted + move)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      // Without a word typed and without arrows nothing was chosen on purpose.
      if (hits.length > 0 && (searching || at > 0)) onChoose(labels[hits[highlighted]].id);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (search === "") inputRef.current?.blur();
      setSearch("");
      setAt(0);
    }
  }

  return (
    <div className="flex min-h-0 flex-1 flex-col rounded-lg border border-line bg-surface">
      <div className="relative border-line border-b p-2">
        <input
          ref={inputRef}
          type="text"
          role="combobox"
          aria-label={`Search ${labels.length} labels`}
          aria-expanded="true"
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={hits.length > 0 && (searching || at > 0) ? optionId(hits[highlighted]) : undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="done"
          placeholder={`Search ${labels.length} labels`}
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-10 w-full rounded-md border border-line-strong/60 bg-raised ps-3 pe-10 text-base"
        />
        <span className="-translate-y-1/2 pointer-events-none absolute end-4 top-1/2 max-sm:hidden">
          <Keycap name="/" />
        </span>
      </div>
      <span role="status" className="sr-only">
        {searching ? `${hits.length} of ${labels.length} labels match` : ""}
      </span>
      <div
        ref={list}
        id={listId}
        role="listbox"
        aria-label="Labels"
        tabIndex={-1}
        className="min-h-24 flex-1 overflow-y-auto overscroll-contain p-1"
      >
        {hits.map((index, position) => (
          <Option
            key={labels[index].id}
            id={optionId(index)}
            label={labels[index]}
            hotkey={keys[index]}
            share={shares.get(labels[index].id) ?? null}
            isMarked={current === labels[index].id}
            isSuggested={suggested === labels[index].id}
            isHighlighted={(searching || at > 0) && position === highlighted}
            onChoose={onChoose}
          />
        ))}
        {hits.length === 0 && <p className="px-3 py-4 text-ink-2 text-sm">No label matches “{search}”.</p>}
      </div>
    </div>
  );
});

const Option = memo(function Option({
  id,
  label,
  hotkey,
  share,
  isMarked,
  isSuggested,
  isHighlighted,
  onChoose,
}: {
  id: string;
  label: ChoiceLabel;
  hotkey: string | null;
  share: number | null;
  isMarked: boolean;
  isSuggested: boolean;
  isHighlighted: boolean;
  onChoose(id: string): void;
}) {
  return (
    <button
      id={id}
      type="button"
      role="option"
      tabIndex={-1}
      aria-selected={isMarked || isHighlighted}
      aria-keyshortcuts={hotkey ? ariaKey(hotkey) : undefined}
      data-highlighted={isHighlighted}
      title={label.description}
      onClick={() => onChoose(label.id)}
      className={`flex min-h-11 w-full items-center gap-2.5 rounded-md px-2.5 py-1 text-start text-base lg:min-h-9 ${
        isMarked ? "bg-accent-soft font-[550]" : isHighlighted ? "bg-hover" : "hover:bg-hover"
      }`}
    >
      <Swatch color={label.color} />
      <span dir="auto" className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        {label.title}
      </span>
      {share !== null && <Share share={share} isFirst={isSuggested} />}
      {hotkey && <Keycap name={hotkey} />}
    </button>
  );
});
