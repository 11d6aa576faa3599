import type { Hotkey, TaskType } from "../types";
import { choiceAgreement, choiceConsensus } from "./metrics";
import type { ChoiceConfig, ChoiceValue } from "./schema";
import { choiceConfig, choiceValueSchema } from "./schema";

export { type ChoiceConfig, type ChoiceLabel, type ChoiceValue, RESERVED_KEYS } from "./schema";

const DIGITS = "1234567890";

/**
 * The key of every label, in order: its own if it has one, else the next free digit 1…9, 0, else Shift with a digit
 * (labels 11–20), else none (found by search).
 */
export function choiceKeys(config: ChoiceConfig): (string | null)[] {
  const taken = new Set(config.labels.map((l) => l.hotkey).filter((k) => k !== undefined));
  const free = [...DIGITS].filter((d) => !taken.has(d)).concat([...DIGITS].map((d) => `shift+${d}`));
  return config.labels.map((label) => label.hotkey ?? free.shift() ?? null);
}

export const choice: TaskType<ChoiceConfig, ChoiceValue> = {
  id: "choice",
  title: "Choice",
  description: "One label per item, out of a list.",
  configSchema: choiceConfig as unknown as TaskType<ChoiceConfig, ChoiceValue>["configSchema"],
  valueSchema: choiceValueSchema,
  defaultConfig: {
    schemaVersion: 1,
    labels: [
      { id: "yes", title: "Yes" },
      { id: "no", title: "No" },
    ],
  },
  target: "classes",
  classes: (config) => config.labels.map(({ id, title }) => ({ id, title })),
  classIndex(config, value) {
    const index = config.labels.findIndex((l) => l.id === value.choice);
    return index < 0 ? undefined : index;
  },
  valueOfClass: (config, c) => ({ choice: config.labels[c].id }),
  parseLabel(config, raw) {
    const text = typeof raw === "object" && raw !== null && "choice" in raw ? (raw as ChoiceValue).choice : raw;
    if (typeof text !== "string" && typeof text !== "number" && typeof text !== "boolean") return undefined;
    const wanted = String(text).trim();
    const label =
      config.labels.find((l) => l.id === wanted) ??
      config.labels.find((l) => l.title.toLowerCase() === wanted.toLowerCase());
    return label && { choice: label.id };
  },
  formatValue: (_config, value) => value.choice,
  agreement: (_config, a, b) => choiceAgreement(a, b),
  consensus: (_config, values) => choiceConsensus(values),
  incompatible(_before, after, usedValues) {
    const ids = new Set(after.labels.map((l) => l.id));
    const missing = new Set(usedValues.map((v) => v.choice).filter((id) => !ids.has(id)));
    return [...missing].map((id) => `label "${id}" is in use and cannot be removed`);
  },
  hotkeys(config): Hotkey[] {
    const keys = choiceKeys(config);
    return config.labels.flatMap((label, i) => {
      const key = keys[i];
      return key === null ? [] : [{ keys: key, description: label.title }];
    });
  },
  annotator: () => import("./annotator"),
};
