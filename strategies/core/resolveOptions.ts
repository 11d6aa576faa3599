import { StrategyError } from "./strategyError";
import type { OptionSchema, OptionsSchema, OptionValue, OptionValues } from "./types";

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
      throw refused(path, `one of ${schema.enum.map((word) => JSON.stringify(word)).join(", ")}`, value);
  }
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

export function textOption(options: OptionValues, name: string): string {
  const value = options[name];
  if (typeof value === "string") return value;
  throw new StrategyError("E_OPTIONS", `options.${name}: expected a text; options must be resolved before select.`);
}
