"use client";
import type { ComponentType } from "react";
import { memo, useDeferredValue, useLayoutEffect, useRef } from "react";
import type { AnnotatorPreferences, AnnotatorProps } from "@/task-types/types";
import type { LabelSession } from "../_session/LabelSession";
import type { HeldItem, SessionProject } from "../_session/types";
import type { FlipMeter } from "./FlipMeter";

export type AnnotatorComponent = ComponentType<AnnotatorProps<unknown, unknown>>;

interface StageProps {
  current: HeldItem;
  next: HeldItem | null;
  /** False while something lies over the stage. */
  active: boolean;
  Annotator: AnnotatorComponent;
  config: unknown;
  policy: SessionProject["suggestionPolicy"];
  preferences: AnnotatorPreferences;
  session: LabelSession;
  meter: FlipMeter;
  onAnswer: (value: unknown) => void;
}

/**
 * The item at hand, and the next one already drawn and laid out behind it, invisible. Answering swaps which of the two is
 * seen; drawing the one after that waits until the swap has been painted.
 */
export function ItemStage({ current, next, active, meter, session, onAnswer, ...view }: StageProps) {
  const deferredNext = useDeferredValue(next);
  const stage = useRef<HTMLDivElement>(null);
  const shown = useRef<HTMLDivElement>(null);
  const mounted = deferredNext && deferredNext.key !== current.key ? [current, deferredNext] : [current];

  // biome-ignore lint/correctness/useExhaustiveDependencies: the swap itself is what is waited for.
  useLayoutEffect(() => {
    meter.committed();
    // Who worked with the focus inside the old item goes on inside the new one.
    const focused = document.activeElement;
    if (stage.current?.contains(focused) && !shown.current?.contains(focused)) {
      shown.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus({ preventScroll: true });
    }
  }, [current.key, meter]);

  return (
    <div ref={stage} className="relative min-h-0 flex-1">
      {mounted.map((held) => {
        const isCurrent = held === current;
        return (
          <div
            key={held.key}
            ref={isCurrent ? shown : undefined}
            inert={!isCurrent}
            data-item-row={held.item.row}
            data-current={isCurrent || undefined}
            className={`absolute inset-0 flex flex-col ${isCurrent ? "" : "invisible"}`}
          >
            <Card {...view} held={held} active={isCurrent && active} session={session} onAnswer={onAnswer} />
          </div>
        );
      })}
    </div>
  );
}

const Card = memo(function Card({
  held,
  active,
  Annotator,
  config,
  policy,
  preferences,
  session,
  onAnswer,
}: Omit<StageProps, "current" | "next" | "meter"> & { held: HeldItem }) {
  const { item, firstAnswer } = held;
  const isCovered = policy === "hide" || (policy === "afterFirstAnswer" && firstAnswer === null);
  return (
    <Annotator
      config={config}
      item={item}
      suggestion={isCovered ? null : item.suggestion}
      initialValue={held.initialValue}
      active={active}
      preferences={preferences}
      onSubmit={onAnswer}
      onDraft={session.draft}
    />
  );
});
