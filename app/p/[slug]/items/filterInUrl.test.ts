import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ItemFilter } from "@/contracts/items";
import { ITEM_STATUSES, PURPOSES } from "@/contracts/items";
import { readListState, writeListState } from "./filterInUrl";

const filter: fc.Arbitrary<ItemFilter> = fc.record(
  {
    search: fc
      .string({ minLength: 1 })
      .map((s) => s.trim())
      .filter((s) => s !== ""),
    status: fc.uniqueArray(fc.constantFrom(...ITEM_STATUSES), { minLength: 1 }),
    purpose: fc.uniqueArray(fc.constantFrom(...PURPOSES), { minLength: 1 }),
    label: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
    annotatorId: fc.string({ minLength: 1 }),
    round: fc.nat(),
    flagged: fc.boolean(),
    labelled: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe("the item list in the address", () => {
  it("reads back exactly what it wrote", () => {
    fc.assert(
      fc.property(
        filter,
        fc.constantFrom("row", "recentlyLabelled", "agreement"),
        fc.constantFrom("asc", "desc"),
        (f, sort, direction) => {
          const state = { filter: f, sort, direction } as const;
          expect(readListState(new URLSearchParams(writeListState(state)))).toEqual(state);
        },
      ),
    );
  });
  it("leaves out what it does not know", () => {
    const state = readListState(new URLSearchParams("status=bogus&round=-1&flagged=maybe&sort=drop+table&x=1"));
    expect(state).toEqual({ filter: {}, sort: "row", direction: "asc" });
  });
});
