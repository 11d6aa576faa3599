import { useMemo, useState } from "react";
import { useKeys } from "@/task-types/_shared/useKeys";

const PANELS = ["skip", "flag", "keys", "outbox", "recent"] as const;
export type Panel = (typeof PANELS)[number];

/** Which window lies over the screen; one at a time. */
export interface ScreenPanels {
  open: Panel | null;
  show(panel: Panel | null): void;
  /** For each window's own onOpenChange; the same functions for ever. */
  toggles: Readonly<Record<Panel, (open: boolean) => void>>;
}

export function useScreenPanels(): ScreenPanels {
  const [open, show] = useState<Panel | null>(null);
  const [toggles] = useState(() => {
    const make = (panel: Panel) => [panel, (isOpen: boolean) => show(isOpen ? panel : null)] as const;
    return Object.fromEntries(PANELS.map(make)) as ScreenPanels["toggles"];
  });
  return useMemo(() => ({ open, show, toggles }), [open, toggles]);
}

/** The keys of the screen itself, as `SCREEN_KEYS` lists them ("w" belongs to the line it opens). */
export function useScreenKeys(
  active: boolean,
  canAct: boolean,
  actions: { undo(): void; show(panel: Panel): void; guidelines(): void; debug(): void },
): void {
  const { undo, show, guidelines, debug } = actions;
  const handlers = useMemo(
    () => ({
      u: undo,
      backspace: undo,
      "mod+z": undo,
      s: () => canAct && show("skip"),
      f: () => canAct && show("flag"),
      g: guidelines,
      "?": () => show("keys"),
      "shift+d": debug,
    }),
    [undo, show, guidelines, debug, canAct],
  );
  useKeys(handlers, active);
}
