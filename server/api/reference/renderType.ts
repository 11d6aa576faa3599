/** The parts of JSON Schema that zod writes. */
export interface JsonSchema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  items?: JsonSchema | boolean;
  prefixItems?: JsonSchema[];
  default?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

/** Bounds that zod writes for every integer say nothing. */
const SAFE_INTEGER = Number.MAX_SAFE_INTEGER;

function range(low: number | undefined, high: number | undefined, unit: string): string {
  const from = low === undefined || low === -SAFE_INTEGER ? undefined : low;
  const to = high === undefined || high === SAFE_INTEGER ? undefined : high;
  if (from === undefined && to === undefined) return "";
  if (from === undefined) return `≤ ${to}${unit}`;
  if (to === undefined) return `≥ ${from}${unit}`;
  return `${from}…${to}${unit}`;
}

/** What a value must keep to beside its type, in words; empty for nothing. */
export function renderLimits(schema: JsonSchema): string {
  const parts = [
    schema.format ?? "",
    range(schema.minimum, schema.maximum, ""),
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minItems, schema.maxItems, " entries"),
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function renderObject(schema: JsonSchema): string {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, value]) => `${name}${schema.required?.includes(name) ? "" : "?"}: ${renderType(value)}`,
  );
  const rest = schema.additionalProperties;
  if (typeof rest === "object" && Object.keys(rest).length > 0) fields.push(`[name]: ${renderType(rest)}`);
  else if (fields.length === 0) return "object";
  return `{ ${fields.join("; ")} }`;
}

function renderArray(schema: JsonSchema): string {
  if (schema.prefixItems) return `[${schema.prefixItems.map(renderType).join(", ")}]`;
  const item = typeof schema.items === "object" ? renderType(schema.items) : "any";
  return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
}

/** A schema as TypeScript would write the type. */
export function renderType(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return [...new Set(union.map(renderType))].join(" | ");
  if (schema.allOf) return schema.allOf.map(renderType).join(" & ");
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  if (schema.type === "object") return renderObject(schema);
  if (schema.type === "array") return renderArray(schema);
  return schema.type ?? "any";
}
