/** One option as a registry describes it (JSON Schema); what is not known here is edited as JSON. */
export interface OptionSchema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  items?: { type?: string; minimum?: number; maximum?: number; enum?: readonly string[] };
  maxItems?: number;
}
export interface OptionsSchema {
  properties?: Record<string, OptionSchema>;
  required?: readonly string[];
}

/** How a field of the form is drawn. */
export type OptionKind = "switch" | "oneOf" | "number" | "numbers" | "words" | "text" | "json";

export function kindOf(option: OptionSchema): OptionKind {
  if (option.type === "boolean") return "switch";
  if (option.enum?.every((v) => typeof v === "string")) return "oneOf";
  if (option.type === "number" || option.type === "integer") return "number";
  if (option.type === "array" && (option.items?.type === "integer" || option.items?.type === "number"))
    return "numbers";
  if (option.type === "array" && option.items?.enum) return "words";
  return option.type === "string" ? "text" : "json";
}

/** Titles and hints of options whose registry gives none. */
const WORDS: Record<string, { title: string; hint?: string }> = {
  holdOutShare: { title: "Held-out share", hint: "Of the labels, kept back to stop early and to calibrate." },
  calibrate: { title: "Calibrate", hint: "Makes a probability of 80 % right in about 80 of 100 cases." },
  refit: { title: "Refit on all labels", hint: "After the held-out part has served." },
  gemm: { title: "Matrix products", hint: "auto takes the fastest there is; the results agree." },
  scaling: { title: "Scaling of features" },
  l2: { title: "L2 penalty", hint: "Larger keeps weights smaller." },
  maxIterations: { title: "Iterations at most" },
  patience: { title: "Patience", hint: "Rounds without improvement before training stops." },
  learningRate: { title: "Learning rate" },
  epochs: { title: "Epochs at most" },
  batchSize: { title: "Examples per step" },
  hidden: { title: "Hidden layers", hint: "Units of each, separated by commas." },
  dropout: { title: "Dropout" },
  channels: { title: "Channels", hint: "Of each layer, separated by commas." },
  optimizer: { title: "Optimiser" },
  backend: { title: "Backend", hint: "auto takes the fastest that is installed." },
  topology: { title: "Network", hint: "The modelTopology of a LayersModel, as JSON." },
  weights: { title: "Weights to start from", hint: "As JSON; left empty they are drawn from the seed." },
};

/** "maxTokens" → "Max tokens", unless the registry or the list above has better words. */
export function wordsOf(name: string, option: OptionSchema): { title: string; hint?: string } {
  if (option.title) return { title: option.title, hint: option.description };
  const words = WORDS[name];
  if (words) return { ...words, hint: option.description ?? words.hint };
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return { title: spaced.charAt(0).toUpperCase() + spaced.slice(1), hint: option.description };
}

/** A step for the buttons of a number box: 1 for whole numbers, else a tenth of the default's size. */
export function stepOf(option: OptionSchema): number {
  if (option.type === "integer") return 1;
  const size = Math.abs(Number(option.default)) || (option.maximum ?? 1) / 10;
  return 10 ** Math.floor(Math.log10(size));
}

/** Reads "256, 128". Null when a part is no number. */
export function parseNumbers(text: string): number[] | null {
  const parts = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number);
  return parts.some((n) => !Number.isFinite(n)) ? null : parts;
}

/** Names of options that must be given and are not. */
export function missingOptions(schema: OptionsSchema, values: Record<string, unknown>): string[] {
  return (schema.required ?? []).filter((name) => values[name] === undefined && !hasDefault(schema, name));
}

function hasDefault(schema: OptionsSchema, name: string): boolean {
  return schema.properties?.[name]?.default !== undefined;
}
