"use client";
import { useEffect, useEffectEvent } from "react";
import { answersEnter, isInPopup, isTypingTarget } from "./isTypingTarget";
import { readKey } from "./readKey";

/** What to do for each key name, as `readKey` writes it. Return false to leave the key to others. */
export type KeyHandlers = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

/**
 * Listens to keys of the whole page while `active`. Keys typed into a field or meant for an open window or menu are never
 * taken, a held key counts once (a finger resting on "1" must not label ten items), and Enter stays with a focused button
 * or link.
 */
export function useKeys(handlers: KeyHandlers, active = true): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (!active || event.defaultPrevented || event.repeat) return;
    if (isTypingTarget(event.target) || isInPopup(event.target)) return;
    for (const name of readKey(event)) {
      const handle = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (!handle) continue;
      if (name === "enter" && answersEnter(event.target)) return;
      // Also marks the key as used: the next item, which wakes up while this event is still on its way, leaves it alone.
      if (handle(event) !== false) event.preventDefault();
      return;
    }
  });
  // Listens from the first to the last moment: switching the listener itself on and off would lose keys in between.
  useEffect(() => {
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
