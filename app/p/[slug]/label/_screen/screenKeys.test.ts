import { describe, expect, it } from "vitest";
import { choice, RESERVED_KEYS } from "@/task-types/choice";
import { listTaskTypes } from "@/task-types/registry";
import { SCREEN_KEYS } from "./screenKeys";

const screen = SCREEN_KEYS.flatMap(({ keys, also = [] }) => [keys, ...also]);

describe("keys of the labelling screen", () => {
  it("reserves each of its letters, so that a label with one is refused when the project is saved", () => {
    const letters = screen.filter((name) => /^[a-z0-9]$/.test(name));
    expect([...letters].sort()).toEqual([...RESERVED_KEYS].sort());
    for (const hotkey of letters) {
      const labels = [
        { id: "a", title: "A", hotkey },
        { id: "b", title: "B" },
      ];
      expect(choice.configSchema.safeParse({ schemaVersion: 1, labels }).success).toBe(false);
    }
  });

  it("has each key once", () => {
    expect(new Set(screen).size).toBe(screen.length);
  });

  it.each(listTaskTypes().map((type) => [type.id, type] as const))("shares none with task type %s", (_id, type) => {
    for (const confirm of [true, false]) {
      for (const suggestionsFirst of [true, false, null]) {
        const own = type.hotkeys(type.defaultConfig, { confirm, suggestionsFirst }).map(({ keys }) => keys);
        expect(own.filter((key) => screen.includes(key))).toEqual([]);
        expect(new Set(own).size).toBe(own.length);
      }
    }
  });

  it("shares none with a choice of very many labels, and no two labels share one", () => {
    const labels = Array.from({ length: 77 }, (_, i) => ({
      id: `l${i}`,
      title: `Label ${i}`,
      ...(i === 3 ? { hotkey: "2" } : {}),
    }));
    const own = choice
      .hotkeys({ schemaVersion: 1, labels }, { confirm: false, suggestionsFirst: null })
      .map(({ keys }) => keys);
    expect(own.filter((key) => screen.includes(key))).toEqual([]);
    expect(new Set(own).size).toBe(own.length);
    expect(own).toContain("/");
  });
});
