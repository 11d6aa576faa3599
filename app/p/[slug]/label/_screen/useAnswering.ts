"use client";
import { useCallback, useEffect, useRef } from "react";
import { useNotifier } from "@/app/_ui/Toast";
import { excerptOf } from "../_session/excerptOf";
import type { LabelSession } from "../_session/LabelSession";
import type { Decision } from "../_session/types";
import type { FlipMeter } from "./FlipMeter";

export interface Answering {
  answer(value: unknown): void;
  skip(reason: string): void;
  undo(decision?: Decision): Promise<void>;
}

/** The three things a person does to items, with what is measured and read out about them. */
export function useAnswering(session: LabelSession, meter: FlipMeter): Answering {
  const { announce, notify } = useNotifier();
  const inputTime = useRef(0);

  // Time of the key or click that is being handled: measuring starts there, not when our code gets to run.
  useEffect(() => {
    const note = (event: Event) => {
      inputTime.current = event.timeStamp;
      session.activity();
    };
    const seen = () => session.setVisible(document.visibilityState === "visible");
    const leaving = () => session.pageHidden();
    // Back from the browser's memory of pages, with the items it had.
    const back = (event: PageTransitionEvent) => {
      if (event.persisted) void session.renew();
    };
    for (const type of ["keydown", "click"]) window.addEventListener(type, note, { capture: true });
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("pagehide", leaving);
    window.addEventListener("pageshow", back);
    return () => {
      for (const type of ["keydown", "click"]) window.removeEventListener(type, note, { capture: true });
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("pagehide", leaving);
      window.removeEventListener("pageshow", back);
    };
  }, [session]);

  const tellNext = useCallback(
    (done: string) => {
      const { current } = session.getSnapshot();
      announce(
        current ? `${done} Next item: ${excerptOf(current.item.content)}` : `${done} No more items at the moment.`,
      );
    },
    [session, announce],
  );

  const answer = useCallback(
    (value: unknown) => {
      const outcome = session.label(value);
      if (outcome === "answered") {
        meter.begin(inputTime.current);
        tellNext("Saved.");
      } else if (outcome === "uncovered") {
        announce("The model suggests another label. Answer again to keep yours, or choose another.");
      }
    },
    [session, meter, tellNext, announce],
  );

  const skip = useCallback(
    (reason: string) => {
      if (!session.skip(reason)) return;
      meter.begin(inputTime.current);
      tellNext("Skipped.");
    },
    [session, meter, tellNext],
  );

  const undo = useCallback(
    async (decision?: Decision) => {
      const problem = await session.undo(decision);
      if (problem) notify(problem.message, { tone: "bad", title: "Nothing was undone" });
      else if (session.getSnapshot().current) tellNext("Undone.");
    },
    [session, notify, tellNext],
  );

  return { answer, skip, undo };
}
