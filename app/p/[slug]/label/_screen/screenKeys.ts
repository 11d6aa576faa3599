import type { Hotkey } from "@/task-types/types";

/** Keys of the screen itself. Letters among them are reserved: no label can have one (a test holds them together). */
export const SCREEN_KEYS: readonly (Hotkey & { also?: string[] })[] = [
  { keys: "u", also: ["mod+z", "backspace"], description: "Undo the last answer, ten deep" },
  { keys: "s", description: "Skip, with a reason" },
  { keys: "f", description: "Flag the item and write to the lead" },
  { keys: "g", description: "Guidelines" },
  { keys: "w", description: "Why this item" },
  { keys: "?", description: "This list of keys" },
  { keys: "shift+d", description: "Timings, for finding faults" },
];
