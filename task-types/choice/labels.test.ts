import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choiceKeys, SUGGESTION_SLOTS, slotKeys } from "./keys";
import { findLabelProblems, makeLabelId, parseLabelLines } from "./labelDraft";
import type { ChoiceConfig } from "./schema";
import { choiceConfig } from "./schema";
import { searchLabels } from "./searchLabels";

function configOf(titles: string[], hotkeys: Record<number, string> = {}): ChoiceConfig {
  return {
    schemaVersion: 1,
    labels: titles.map((title, i) => ({ id: `l${i}`, title, ...(hotkeys[i] ? { hotkey: hotkeys[i] } : {}) })),
  };
}

describe("keys of labels", () => {
  it("are their own, else the free digits in order, else Shift with a digit, else none", () => {
    const keys = choiceKeys(
      configOf(
        Array.from({ length: 24 }, (_, i) => `t${i}`),
        { 1: "2", 2: "q" },
      ),
    );
    expect(keys.slice(0, 5)).toEqual(["1", "2", "q", "3", "4"]);
    expect(keys[10]).toBe("0");
    expect(keys[11]).toBe("shift+1");
    expect(keys[23]).toBeNull();
  });

  it("leave the first free digits to the suggestions", () => {
    const config = configOf(
      Array.from({ length: 30 }, (_, i) => `t${i}`),
      { 7: "1" },
    );
    expect(slotKeys(config, SUGGESTION_SLOTS)).toEqual(["2", "3", "4", "5", "6"]);
    expect(choiceKeys(config, SUGGESTION_SLOTS).slice(0, 5)).toEqual(["7", "8", "9", "0", "shift+1"]);
  });

  it("are never given twice, with any own keys", () => {
    const own = fc.uniqueArray(fc.constantFrom(..."123456789qertyiop"), { maxLength: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), own, fc.constantFrom(0, SUGGESTION_SLOTS), (n, hotkeys, slots) => {
        const config = configOf(
          Array.from({ length: n }, (_, i) => `t${i}`),
          Object.fromEntries(hotkeys.slice(0, n).map((key, i) => [i, key])),
        );
        const all = [...choiceKeys(config, slots).filter((key) => key !== null), ...slotKeys(config, slots)];
        expect(new Set(all).size).toBe(all.length);
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe("searchLabels", () => {
  const { labels } = configOf(["Card arrival", "Lost or stolen card", "Discard", "Crédit_refusé", "Card payment fee"]);
  const titles = (search: string) => searchLabels(labels, search).map((i) => labels[i].title);

  it("puts titles that start with the search first, then words that do, then the rest", () => {
    expect(titles("card")).toEqual(["Card arrival", "Card payment fee", "Lost or stolen card", "Discard"]);
  });
  it("wants every word, in any order, without accents and separators", () => {
    expect(titles("fee card")).toEqual(["Card payment fee"]);
    expect(titles("credit refuse")).toEqual(["Crédit_refusé"]);
    expect(titles("nothing like it")).toEqual([]);
  });
  it("gives all in their order for an empty search", () => {
    expect(searchLabels(labels, "  ")).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("labels being edited", () => {
  it("get ids of any script, numbered when taken", () => {
    expect(makeLabelId("Card payment – wrong rate!", new Set())).toBe("card_payment_wrong_rate");
    expect(makeLabelId("問い合わせ", new Set())).toBe("問い合わせ");
    expect(makeLabelId("Yes", new Set(["yes", "yes_2"]))).toBe("yes_3");
    expect(makeLabelId("!!!", new Set())).toBe("label");
  });

  it("are read from pasted lines, with descriptions, without repeats", () => {
    const { labels, nSkipped } = parseLabelLines("Spam | sells or tricks\r\nHam\tby people\n\nspam\nNo", [
      { id: "no", title: "No" },
    ]);
    expect(labels).toEqual([
      { id: "spam", title: "Spam", description: "sells or tricks" },
      { id: "ham", title: "Ham", description: "by people" },
    ]);
    expect(nSkipped).toBe(2);
  });

  it("that were pasted always make a good configuration", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60 }), { minLength: 2, maxLength: 40 }), (lines) => {
        const { labels } = parseLabelLines(lines.join("\n"), []);
        fc.pre(labels.length >= 2);
        expect(choiceConfig.safeParse({ labels }).error).toBeUndefined();
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it("have what is wrong named at each", () => {
    const problems = findLabelProblems([
      { id: "a", title: "A", hotkey: "s" },
      { id: "b", title: "a" },
      { id: "c", title: " " },
    ]);
    expect(problems.byLabel[0]).toEqual(['key "s" is taken by the screen']);
    expect(problems.byLabel[1]).toEqual(["Label 1 has the same title."]);
    expect(problems.byLabel[2]).toHaveLength(1);
    expect(findLabelProblems([{ id: "a", title: "A" }]).general).toEqual(["At least two labels are needed."]);
  });
});
