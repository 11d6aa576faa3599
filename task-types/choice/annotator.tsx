"use client";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { ContentView } from "../_shared/ContentView";
import { useKeys } from "../_shared/useKeys";
import type { AnnotatorProps } from "../types";
import { choiceKeys, MANY_LABELS, SUGGESTION_SLOTS, slotKeys, usesSlots } from "./keys";
import { LabelButtons } from "./LabelButtons";
import { LabelSearch } from "./LabelSearch";
import { SuggestionSlots } from "./SuggestionSlots";
import type { ChoiceConfig, ChoiceValue } from "./schema";

/**
 * One item and its labels. A digit, letter or click chooses and submits at once, unless the person prefers to confirm.
 * Enter submits what is marked; with nothing marked, it accepts the suggestion.
 */
export default function ChoiceAnnotator({
  config,
  item,
  suggestion,
  initialValue,
  active,
  preferences,
  onSubmit,
  onDraft,
}: AnnotatorProps<ChoiceConfig, ChoiceValue>) {
  const [marked, setMarked] = useState<string | null>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const many = config.labels.length > MANY_LABELS;
  const slots = usesSlots(config, preferences);
  const likely = suggestion?.top ?? NONE;
  const shares = useMemo(() => new Map(likely), [likely]);
  const keys = useMemo(() => choiceKeys(config, slots ? SUGGESTION_SLOTS : 0), [config, slots]);
  const current = marked ?? initialValue?.choice ?? null;

  // The lists below are redrawn only when what they show changes, so what they call must stay the same function.
  const latest = useRef({ active, confirm: preferences.confirm, marked, onDraft, onSubmit });
  useLayoutEffect(() => {
    latest.current = { active, confirm: preferences.confirm, marked, onDraft, onSubmit };
  });
  const choose = useCallback((id: string) => {
    const now = latest.current;
    if (!now.active) return;
    if (now.confirm && id !== now.marked) {
      setMarked(id);
      now.onDraft({ choice: id });
      return;
    }
    now.onSubmit({ choice: id });
  }, []);

  const handlers = useMemo(() => {
    const map: Record<string, () => unknown> = {};
    config.labels.forEach((label, i) => {
      const key = keys[i];
      if (key !== null) map[key] = () => choose(label.id);
    });
    if (slots) {
      slotKeys(config, SUGGESTION_SLOTS).forEach((key, i) => {
        map[key] = () => (likely[i] ? choose(likely[i][0]) : false);
      });
    }
    map.enter = () => {
      const id = current ?? likely[0]?.[0];
      return id === undefined ? false : onSubmit({ choice: id });
    };
    if (many) {
      map["/"] = () => searchBox.current?.focus();
      map["mod+k"] = map["/"];
    }
    return map;
  }, [config, keys, slots, likely, current, many, choose, onSubmit]);
  useKeys(handlers, active);

  const view = { labels: config.labels, keys, shares, current, suggested: likely[0]?.[0] ?? null, onChoose: choose };
  return (
    <div
      className={
        many
          ? "flex min-h-0 flex-1 flex-col gap-3 lg:grid lg:grid-cols-[minmax(0,1fr)_23rem] lg:gap-5"
          : "flex min-h-0 flex-1 flex-col gap-3"
      }
    >
      <section
        aria-label="Item"
        // A region that scrolls must be reachable by keyboard.
        tabIndex={active ? 0 : -1}
        className="flex min-h-28 flex-1 flex-col overflow-y-auto rounded-lg border border-line bg-surface px-5 py-5 sm:px-8 sm:py-7"
      >
        <div className="my-auto">
          <ContentView content={item.content} />
        </div>
      </section>
      <div
        className={
          many
            ? "flex max-h-[58%] min-h-0 shrink-0 flex-col gap-2.5 lg:max-h-none lg:shrink"
            : "flex max-h-[62%] shrink-0 flex-col gap-2 overflow-y-auto"
        }
      >
        {slots && (
          <SuggestionSlots
            labels={config.labels}
            likely={likely}
            keys={slotKeys(config, SUGGESTION_SLOTS)}
            current={current}
            onChoose={choose}
          />
        )}
        {many ? <LabelSearch {...view} inputRef={searchBox} /> : <LabelButtons {...view} />}
      </div>
    </div>
  );
}

const NONE: [string, number][] = [];
