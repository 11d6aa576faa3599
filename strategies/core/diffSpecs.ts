import { canonicalJson } from "./canonicalJson";
import { normalizeSpec } from "./normalizeSpec";
import type { JsonValue, Registry, StrategySpec } from "./types";

/** One difference between two specs. */
export interface SpecChange {
  /** Where it is, such as "parts[0].of.options.gamma"; "" for the whole spec. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  /** Absent where nothing stood, or stands. */
  readonly from?: JsonValue;
  readonly to?: JsonValue;
  /** One line for people, such as "TAILOR, Memory: 0.9 → 0.8". */
  readonly text: string;
}

/**
 * What a change of spec changes, defaults filled in on both sides: specs that select alike by construction differ in
 * nothing. Changes come in the order of the first spec's fields; parts of a mixture are compared by position.
 * @throws as `normalizeSpec`.
 */
export function diffSpecsWith(registry: Registry, before: unknown, after: unknown): SpecChange[] {
  const changes: SpecChange[] = [];
  const walk = (from: JsonValue, to: JsonValue, path: string, owner: string | null): void => {
    if (canonicalJson(from) === canonicalJson(to)) return;
    const isSameKind = Array.isArray(from) === Array.isArray(to) && isObject(from) && isObject(to);
    // Another operation or strategy has other fields: they are not compared one by one.
    if (!isSameKind || isReplaced(from, to)) {
      changes.push({
        path,
        kind: "changed",
        from,
        to,
        text: `${named(registry, owner, path)}: ${shown(registry, from)} → ${shown(registry, to)}`,
      });
      return;
    }
    const own = typeof fieldOf(from, "use") === "string" ? String(fieldOf(from, "use")) : owner;
    for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
      const [old, now] = [fieldOf(from, name), fieldOf(to, name)];
      const at = Array.isArray(from) ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
      if (old !== undefined && now !== undefined) walk(old, now, at, own);
      else if (old !== undefined) {
        changes.push({
          path: at,
          kind: "removed",
          from: old,
          text: `${named(registry, own, at)}: ${shown(registry, old)} removed`,
        });
      } else if (now !== undefined) {
        changes.push({
          path: at,
          kind: "added",
          to: now,
          text: `${named(registry, own, at)}: ${shown(registry, now)} added`,
        });
      }
    }
  };
  const plain = (spec: StrategySpec) => JSON.parse(JSON.stringify(spec)) as JsonValue;
  walk(plain(normalizeSpec(registry, before)), plain(normalizeSpec(registry, after)), "", null);
  return changes;
}

function isObject(value: JsonValue): value is JsonValue & object {
  return typeof value === "object" && value !== null;
}

function fieldOf(value: object, name: string): JsonValue | undefined {
  return (value as Readonly<Record<string, JsonValue>>)[name];
}

function isReplaced(from: object, to: object): boolean {
  return fieldOf(from, "op") !== fieldOf(to, "op") || fieldOf(from, "use") !== fieldOf(to, "use");
}

/** The strategy and option behind a path, by their titles. */
function named(registry: Registry, use: string | null, path: string): string {
  const stage = [...registry.strategies, ...registry.filters, ...(registry.assigners ?? [])].find(
    (entry) => entry.id === use,
  );
  if (stage === undefined) return path === "" ? "spec" : path;
  const option = /(?:^|\.)options\.([A-Za-z]+)(.*)$/.exec(path);
  const title = option === null ? undefined : stage.options.properties[option[1]]?.title;
  return title === undefined ? `${stage.title}, ${path}` : `${stage.title}, ${title}${option![2]}`;
}

function shown(registry: Registry, value: JsonValue): string {
  if (!isObject(value) || Array.isArray(value)) return JSON.stringify(value);
  const use = fieldOf(value, "use");
  const title = registry.strategies.find((entry) => entry.id === use)?.title;
  if (title !== undefined) return title;
  const op = fieldOf(value, "op");
  return typeof op === "string" ? `a ${op}` : JSON.stringify(value);
}
