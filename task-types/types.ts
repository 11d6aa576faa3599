import type { ComponentType } from "react";
import type { z } from "zod";

/** How one person likes to work. Kept in that person's browser. */
export interface AnnotatorPreferences {
  /** Likely answers stand first and get the first keys; null leaves it to the task type. */
  suggestionsFirst: boolean | null;
  /** Choosing only marks an answer, Enter submits it. */
  confirm: boolean;
}

/** What an annotator component receives. It decides nothing about queues: it shows one item and reports a value. */
export interface AnnotatorProps<Config, Value> {
  config: Config;
  item: { row: number; content: unknown };
  /** Best classes first; null when there is no model yet or suggestions are hidden. */
  suggestion: { top: [string, number][]; value: unknown; modelVersion: number } | null;
  /** What was answered before an undo, or a saved draft. */
  initialValue: Value | null;
  /** False while the screen is covered (dialog open) or the item is the hidden pre-rendered one. */
  active: boolean;
  preferences: AnnotatorPreferences;
  onSubmit(value: Value): void;
  onDraft(value: Value): void;
}

/** What a configuration editor receives. It reports every change; whether a configuration is good is the schema's word. */
export interface ConfigEditorProps<Config> {
  /** Being edited: may break the schema. */
  config: Config;
  /** True while nothing has been labelled: ids may still change. */
  isNew: boolean;
  onChange(config: Config): void;
}

/** One line of the key sheet. */
export interface Hotkey {
  /** As _shared/readKey.ts names it: "1", "shift+1", "a". */
  keys: string;
  description: string;
}

/** Everything the product knows about one kind of label. Registered in registry.ts with one line. */
export interface TaskType<Config = unknown, Value = unknown> {
  id: string;
  title: string;
  description: string;
  configSchema: z.ZodType<Config>;
  /** Schema of a label value, given the project's configuration. */
  valueSchema(config: Config): z.ZodType<Value>;
  defaultConfig: Config;
  /** What a trainer sees: classes in order (stable ids), or none for numbers. */
  target: "classes" | "multiLabel" | "number";
  classes(config: Config): { id: string; title: string; description?: string }[];
  /** Index into classes for single-label targets; undefined when the value is not trainable. */
  classIndex(config: Config, value: Value): number | undefined;
  /** Value that says class index c, for suggestions and imports. */
  valueOfClass(config: Config, c: number): Value;
  /** Reads a label as it stands in files and calls: a class id or title, or the value itself. Undefined: not understood. */
  parseLabel(config: Config, raw: unknown): Value | undefined;
  /**
   * The configuration with one more class for a label that parseLabel does not understand; undefined: it cannot be one.
   * Absent: classes cannot be added by a label. New classes come last, so that those before keep their index.
   */
  withClass?(config: Config, raw: unknown): Config | undefined;
  /** Flat text for CSV export and filters. */
  formatValue(config: Config, value: Value): string;
  /** Agreement of two values in [0, 1]; 1 on equal ones; symmetric. */
  agreement(config: Config, a: Value, b: Value): number;
  /** Aggregates opinions; ties go to the earliest. agreement is the mean pairwise agreement, null for one opinion. */
  consensus(config: Config, values: Value[]): { value: Value; agreement: number | null };
  /** Names what a changed configuration would break: values in use that no longer fit. Empty: nothing. */
  incompatible(before: Config, after: Config, usedValues: Value[]): string[];
  /** Every key the annotator listens to under these preferences. */
  hotkeys(config: Config, preferences: AnnotatorPreferences): Hotkey[];
  /** How much room the annotator wants: a column to read in, or the whole width. */
  layout(config: Config): "column" | "wide";
  annotator(): Promise<{ default: ComponentType<AnnotatorProps<Config, Value>> }>;
  configEditor(): Promise<{ default: ComponentType<ConfigEditorProps<Config>> }>;
}

/** What the contract suite runs a task type on; exported as `fixtures` from its fixtures.ts. */
export interface TaskTypeFixtures<Config = unknown, Value = unknown> {
  configs: Config[];
  badConfigs: unknown[];
  /** Values that fit a configuration; at least two different ones. */
  values(config: Config): Value[];
  badValues: unknown[];
}
