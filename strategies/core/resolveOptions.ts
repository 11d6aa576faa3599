import { StrategyError } from "./strategyError";
import type { OptionSchema, OptionsSchema, OptionValue, OptionValues, Strategy } from "./types";

export const NO_OPTIONS: OptionsSchema = { type: "object", additionalProperties: false, properties: {} };

/**
 * Fills in defaults and checks every value.
 *
 * @param path where the options stand, for messages, such as "spec.parts[0].of.options".
 * @throws E_OPTIONS naming the path, what is allowed and what was got.
 */
export function resolveOptions(schema: OptionsSchema, given: unknown, path: string): Record<string, OptionValue> {
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given))) {
    throw new StrategyError("E_OPTIONS", `${path}: expected an object of options, got ${described(given)}.`);
  }
  const values = (given ?? {}) as Readonly<Record<string, unknown>>;
  const names = Object.keys(schema.properties);
  for (const name of Object.keys(values)) {
    if (!names.includes(name)) {
      const known = names.length === 0 ? "it has none" : `it has: ${names.join(", ")}`;
      throw new StrategyError("E_OPTIONS", `${path}.${name}: no such option; ${known}.`);
    }
  }
  const resolved: Record<string, OptionValue> = {};
  for (const name of names) {
    const option = schema.properties[name];
    const value = values[name];
    resolved[name] = value === undefined ? option.default : checkedOption(option, value, `${path}.${name}`);
  }
  return resolved;
}

/** Options of a strategy, checked and completed by its schema and then by the strategy itself. @throws as {@link resolveOptions} */
export function completeOptions(
  strategy: Pick<Strategy, "options" | "completeOptions">,
  given: unknown,
  path: string,
): OptionValues {
  const resolved = resolveOptions(strategy.options, given, path);
  return strategy.completeOptions?.(resolved, path) ?? resolved;
}

function checkedOption(schema: OptionSchema, value: unknown, path: string): OptionValue {
  switch (schema.type) {
    case "integer":
    case "number": {
      const fits =
        typeof value === "number" &&
        value >= schema.minimum &&
        value <= schema.maximum &&
        (schema.type === "number" || Number.isInteger(value));
      if (fits) return value;
      const kind = schema.type === "integer" ? "an integer" : "a number";
      throw refused(path, `${kind} from ${schema.minimum} to ${schema.maximum}`, value);
    }
    case "boolean":
      if (typeof value === "boolean") return value;
      throw refused(path, "true or false", value);
    case "string":
      if (typeof value === "string" && schema.enum.includes(value)) return value;
      throw refused(path, oneOf(schema.enum), value);
    case "array":
      return checkedList(schema, value, path);
    case "object":
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as OptionValue;
      throw refused(path, "an object of options by strategy", value);
  }
}

function checkedList(schema: OptionSchema & { type: "array" }, value: unknown, path: string): OptionValue {
  if (!Array.isArray(value) || value.length > schema.maxItems) {
    throw refused(path, `a list of at most ${schema.maxItems} entries`, value);
  }
  const { items } = schema;
  if (items.type === "string") {
    value.forEach((entry, i) => {
      if (!items.enum.includes(entry)) throw refused(`${path}[${i}]`, oneOf(items.enum), entry);
      if (value.indexOf(entry) !== i) throw refused(`${path}[${i}]`, "each entry once", entry);
    });
    return [...value] as string[];
  }
  value.forEach((entry, i) => {
    checkedOption({ title: "", description: "", ...items, default: 0 }, entry, `${path}[${i}]`);
  });
  return [...value] as number[];
}

function oneOf(words: readonly string[]): string {
  return `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`;
}

function refused(path: string, expected: string, value: unknown): StrategyError {
  return new StrategyError("E_OPTIONS", `${path}: expected ${expected}, got ${described(value)}.`);
}

function described(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null) {
    return JSON.stringify(value) ?? String(value);
  }
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

/** An option by name from resolved values, as the type the schema promised. */
export function numberOption(options: OptionValues, name: string): number {
  const value = options[name];
  if (typeof value === "number") return value;
  throw new StrategyError("E_OPTIONS", `options.${name}: expected a number; options must be resolved before select.`);
}

export function booleanOption(options: OptionValues, name: string): boolean {
  const value = options[name];
  if (typeof value === "boolean") return value;
  throw new StrategyError(
    "E_OPTIONS",
    `options.${name}: expected true or false; options must be resolved before select.`,
  );
}

/** A list option; `[]` and a list of the other kind cannot be told apart, so the caller says which it wants. */
export function numbersOption(options: OptionValues, name: string): readonly number[] {
  return listOption(options, name).filter((entry) => typeof entry === "number");
}

export function textsOption(options: OptionValues, name: string): readonly string[] {
  return listOption(options, name).filter((entry) => typeof entry === "string");
}

function listOption(options: OptionValues, name: string): readonly (number | string)[] {
  const value = options[name];
  if (Array.isArray(value)) return value;
  throw new StrategyError("E_OPTIONS", `options.${name}: expected a list; options must be resolved before select.`);
}

export function textOption(options: OptionValues, name: string): string {
  const value = options[name];
  if (typeof value === "string") return value;
  throw new StrategyError("E_OPTIONS", `options.${name}: expected a text; options must be resolved before select.`);
}
