"use client";
import { Button } from "@/app/_ui/Button";
import { Callout } from "@/app/_ui/Callout";
import { formatPercent } from "@/app/_ui/format";
import type { LabelSession } from "../_session/LabelSession";
import type { SessionView } from "../_session/types";

/** What a person must know about the item or the queue right now; usually nothing. */
export function Notices({
  view,
  session,
  formatAnswer,
}: {
  view: SessionView;
  session: LabelSession;
  formatAnswer: (value: unknown) => string;
}) {
  const { current, ending, problem, nHeld } = view;
  if (!current) return null;
  const { firstAnswer, otherDraft, initialValue, item } = current;
  return (
    <>
      {firstAnswer && item.suggestion && (
        <Callout live tone="info" title={`The model suggests ${suggested(current)}`}>
          You chose {formatAnswer(firstAnswer.value)}. Enter or the same key keeps it; any other label changes it.
        </Callout>
      )}
      {otherDraft !== undefined && (
        <Callout
          tone="warn"
          live
          title="Two drafts of this item"
          action={
            <>
              <Button size="sm" onClick={() => session.keepOwnDraft()}>
                Keep {formatAnswer(initialValue)}
              </Button>
              <Button size="sm" onClick={() => session.takeOtherDraft()}>
                Take {formatAnswer(otherDraft)}
              </Button>
            </>
          }
        >
          Here: {formatAnswer(initialValue)}. On another device: {formatAnswer(otherDraft)}.
        </Callout>
      )}
      {ending && (
        <Callout tone="warn">
          {ending === "paused" ? "The project was paused." : "A lead has stopped your queue."} You can finish{" "}
          {nHeld === 1 ? "this last item" : `these last ${nHeld} items`}.
        </Callout>
      )}
      {problem && (
        <Callout
          tone="warn"
          live
          action={
            <Button size="sm" onClick={() => void session.claim()}>
              Try again
            </Button>
          }
        >
          {problem.message}
        </Callout>
      )}
    </>
  );

  function suggested({ item: { suggestion } }: { item: typeof item }): string {
    if (!suggestion) return "";
    const share = suggestion.top[0]?.[1];
    return `${formatAnswer(suggestion.value)}${share === undefined ? "" : ` (${formatPercent(share, 0)})`}`;
  }
}
