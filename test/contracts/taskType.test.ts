import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TaskType } from "@/task-types/registry";
import { listTaskTypes } from "@/task-types/registry";
import type { TaskTypeFixtures } from "@/task-types/types";

/** The laws of every registered task type, on its own fixtures. */
const suites: [TaskType, TaskTypeFixtures][] = await Promise.all(
  listTaskTypes().map(async (type): Promise<[TaskType, TaskTypeFixtures]> => {
    const module = (await import(`../../task-types/${type.id}/fixtures.ts`)) as { fixtures: TaskTypeFixtures };
    return [type, module.fixtures];
  }),
);

/** As a person who has changed nothing works. */
const PREFERENCES = { suggestionsFirst: null, confirm: false };

it("has at least one task type", () => expect(suites.length).toBeGreaterThan(0));

describe.each(suites.map(([type, fixtures]) => [type.id, type, fixtures] as const))(
  "task type %s",
  (_id, type, fixtures) => {
    const configs = [type.defaultConfig, ...fixtures.configs];

    it("accepts its own configurations and refuses the bad ones with a reason", () => {
      for (const config of configs) expect(type.configSchema.parse(config)).toEqual(config);
      for (const config of fixtures.badConfigs) {
        const result = type.configSchema.safeParse(config);
        expect(result.success, JSON.stringify(config)).toBe(false);
        expect(result.error?.issues[0].message).not.toBe("");
      }
    });

    it("accepts its own values, unchanged through JSON, and refuses the bad ones", () => {
      for (const config of fixtures.configs) {
        const schema = type.valueSchema(config);
        for (const value of fixtures.values(config))
          expect(schema.parse(JSON.parse(JSON.stringify(value)))).toEqual(value);
      }
      for (const value of fixtures.badValues) {
        expect(
          type.valueSchema(fixtures.configs[1] ?? fixtures.configs[0]).safeParse(value).success,
          JSON.stringify(value),
        ).toBe(false);
      }
    });

    it("reads a label back from its flat text and from itself", () => {
      for (const config of fixtures.configs) {
        for (const value of fixtures.values(config)) {
          expect(type.parseLabel(config, type.formatValue(config, value))).toEqual(value);
          expect(type.parseLabel(config, value)).toEqual(value);
        }
        expect(type.parseLabel(config, { nothing: "known" })).toBeUndefined();
      }
    });

    it("numbers classes and values the same way", () => {
      for (const config of fixtures.configs) {
        type.classes(config).forEach((_, c) => {
          expect(type.classIndex(config, type.valueOfClass(config, c))).toBe(c);
        });
      }
    });

    it("has an agreement that is symmetric, within 0 and 1, and 1 for a value with itself", () => {
      for (const config of fixtures.configs) {
        const value = fc.constantFrom(...fixtures.values(config));
        fc.assert(
          fc.property(value, value, (a, b) => {
            const agreement = type.agreement(config, a, b);
            expect(agreement).toBe(type.agreement(config, b, a));
            expect(agreement).toBeGreaterThanOrEqual(0);
            expect(agreement).toBeLessThanOrEqual(1);
            expect(type.agreement(config, a, a)).toBe(1);
          }),
        );
      }
    });

    it("finds the consensus of equal labels to be that label, and of any labels to fit the schema", () => {
      for (const config of fixtures.configs) {
        const value = fc.constantFrom(...fixtures.values(config));
        fc.assert(
          fc.property(fc.array(value, { minLength: 1, maxLength: 7 }), (values) => {
            const { value: consensus, agreement } = type.consensus(config, values);
            expect(type.valueSchema(config).safeParse(consensus).success).toBe(true);
            if (values.length === 1) expect(agreement).toBeNull();
            else expect(agreement).toBeGreaterThanOrEqual(0);
            const same = values.map(() => values[0]);
            expect(type.consensus(config, same).value).toEqual(values[0]);
          }),
        );
      }
    });

    it("says which labels in use a changed configuration would break, and none when nothing changed", () => {
      for (const config of fixtures.configs) {
        expect(type.incompatible(config, config, fixtures.values(config))).toEqual([]);
      }
      const [first, second] = fixtures.configs;
      expect(type.incompatible(first, second, fixtures.values(first)).length).toBeGreaterThan(0);
    });

    it("documents each key once and keeps letters of the screen free", () => {
      for (const config of configs) {
        const keys = type.hotkeys(config, PREFERENCES).map((h) => h.keys);
        expect(new Set(keys).size).toBe(keys.length);
        for (const hotkey of type.hotkeys(config, PREFERENCES)) expect(hotkey.description).not.toBe("");
      }
    });
  },
);
