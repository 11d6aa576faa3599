import type { AnnotatorPreferences } from "../types";
import type { ChoiceConfig } from "./schema";

const DIGITS = "1234567890";

/** With more labels than keys, search and likely answers come first. */
export const MANY_LABELS = 20;
/** Likely answers shown above many labels, each with a digit of its own. */
export const SUGGESTION_SLOTS = 5;

/** Whether the first free digits belong to the likely answers instead of to the first labels. */
export function usesSlots(config: ChoiceConfig, preferences: AnnotatorPreferences): boolean {
  return preferences.suggestionsFirst ?? config.labels.length > MANY_LABELS;
}

/**
 * The key of every label, in order: its own if it has one, else the next free digit 1…9, 0, else Shift with a digit
 * (labels 11–20), else none (found by search). `nSlots` free digits are left to the likely answers.
 */
export function choiceKeys(config: ChoiceConfig, nSlots = 0): (string | null)[] {
  const free = freeDigits(config)
    .slice(nSlots)
    .concat([...DIGITS].map((d) => `shift+${d}`));
  return config.labels.map((label) => label.hotkey ?? free.shift() ?? null);
}

/** The digits of the likely answers, best first: the first free ones. */
export function slotKeys(config: ChoiceConfig, nSlots: number): string[] {
  return freeDigits(config).slice(0, nSlots);
}

function freeDigits(config: ChoiceConfig): string[] {
  const taken = new Set(config.labels.map((label) => label.hotkey));
  return [...DIGITS].filter((digit) => !taken.has(digit));
}
