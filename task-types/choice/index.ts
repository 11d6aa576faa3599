import type { Hotkey, TaskType } from "../types";
import { choiceKeys, MANY_LABELS, SUGGESTION_SLOTS, slotKeys, usesSlots } from "./keys";
import { choiceAgreement, choiceConsensus } from "./metrics";
import type { ChoiceConfig, ChoiceValue } from "./schema";
import { choiceConfig, choiceValueSchema } from "./schema";

export { choiceKeys } from "./keys";
export { type ChoiceConfig, type ChoiceLabel, type ChoiceValue, RESERVED_KEYS } from "./schema";

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
  classes: (config) => config.labels.map(({ id, title, description }) => ({ id, title, description })),
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
  withClass(config, raw) {
    if (typeof raw !== "string" && typeof raw !== "number" && typeof raw !== "boolean") return undefined;
    const id = String(raw).trim();
    const grown = choiceConfig.safeParse({ ...config, labels: [...config.labels, { id, title: id }] });
    return grown.success ? grown.data : undefined;
  },
  formatValue: (_config, value) => value.choice,
  agreement: (_config, a, b) => choiceAgreement(a, b),
  consensus: (_config, values) => choiceConsensus(values),
  incompatible(_before, after, usedValues) {
    const ids = new Set(after.labels.map((l) => l.id));
    const missing = new Set(usedValues.map((v) => v.choice).filter((id) => !ids.has(id)));
    return [...missing].map((id) => `label "${id}" is in use and cannot be removed`);
  },
  hotkeys(config, preferences): Hotkey[] {
    const slots = usesSlots(config, preferences) ? slotKeys(config, SUGGESTION_SLOTS) : [];
    const keys = choiceKeys(config, slots.length);
    return [
      ...slots.map((key, i) => ({ keys: key, description: `Suggestion ${i + 1}` })),
      ...config.labels.flatMap((label, i) => {
        const key = keys[i];
        return key === null ? [] : [{ keys: key, description: label.title }];
      }),
      {
        keys: "enter",
        description: preferences.confirm
          ? "Submit the marked answer"
          : "Accept the suggestion, or keep the marked answer",
      },
      ...(config.labels.length > MANY_LABELS
        ? [{ keys: "/", description: "Search the labels (also Ctrl+K); arrows move, Enter chooses" }]
        : []),
    ];
  },
  layout: (config) => (config.labels.length > MANY_LABELS ? "wide" : "column"),
  annotator: () => import("./annotator"),
  configEditor: () => import("./configEditor"),
};
