import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { STRATEGY_DOCS, strategyDocs } from "@/scripts/generateStrategyDocs";
import { normalizeSpec, registry } from "@/strategies";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("the strategies' reference page is what the registry says today", () => {
  expect(readFileSync(join(ROOT, STRATEGY_DOCS), "utf8")).toBe(strategyDocs());
});

test("the example on the page is a valid spec, and every id is unique and words are whole sentences", () => {
  const example = /```json\n([\s\S]*?)```/.exec(strategyDocs())![1];
  expect(normalizeSpec(JSON.parse(example))).toMatchObject({ op: "mix", audit: { share: 0.1 } });
  const ids = registry.strategies.map((strategy) => strategy.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const strategy of registry.strategies) {
    expect(strategy.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const text of [strategy.summary, strategy.whenToUse, strategy.whenNot, ...strategy.differences]) {
      expect(text).toMatch(/^[A-Z“].*\.$/s);
    }
  }
});
