import type { TaskTypeFixtures } from "../types";
import type { ChoiceConfig, ChoiceValue } from "./schema";

const colours: ChoiceConfig = {
  schemaVersion: 1,
  labels: [
    { id: "red", title: "Red", hotkey: "r", description: "Like blood" },
    { id: "green", title: "Green" },
    { id: "blue", title: "Blue" },
  ],
};

export const fixtures: TaskTypeFixtures<ChoiceConfig, ChoiceValue> = {
  configs: [
    {
      schemaVersion: 1,
      labels: [
        { id: "yes", title: "Yes" },
        { id: "no", title: "No" },
      ],
    },
    colours,
    { schemaVersion: 1, labels: Array.from({ length: 77 }, (_, i) => ({ id: `c${i}`, title: `Class ${i}` })) },
  ],
  badConfigs: [
    { labels: [{ id: "only", title: "One label is no choice" }] },
    {
      labels: [
        { id: "a", title: "A" },
        { id: "a", title: "Again" },
      ],
    },
    {
      labels: [
        { id: "a", title: "A", hotkey: "x" },
        { id: "b", title: "B", hotkey: "x" },
      ],
    },
    {
      labels: [
        { id: "a", title: "A", hotkey: "s" },
        { id: "b", title: "B" },
      ],
    },
    { labels: "many" },
  ],
  values: (config) => config.labels.map(({ id }) => ({ choice: id })),
  badValues: [{ choice: "no such label" }, { choice: 3 }, {}, "red", null, { choice: "red", extra: 1 }],
};
