import type { JsonValue, StrategySpec } from "./types";

/** The stored states whose part can occur in this spec: those of a spec that has been left behind are dropped. */
export function statesOfSpec(
  spec: StrategySpec,
  states: Readonly<Record<string, JsonValue>>,
): Readonly<Record<string, JsonValue>> {
  const pattern = new RegExp(`^${partPattern(spec)}$`);
  return Object.fromEntries(Object.entries(states).filter(([part]) => pattern.test(part)));
}

/** A regular expression for the part paths of a spec, as `runSpec` builds them. */
function partPattern(spec: StrategySpec): string {
  switch (spec.op) {
    case "single":
    case "pipeline":
      return spec.op;
    case "mix":
      return `mix\\.(?:${spec.parts.map((part, i) => `${i}/${partPattern(part.of)}`).join("|")})`;
    case "schedule":
      return `schedule\\.(?:before/${partPattern(spec.before)}|after/${partPattern(spec.after)})`;
    case "strata":
      return `strata\\.(?:\\d+|rest)/${partPattern(spec.of)}`;
  }
}
