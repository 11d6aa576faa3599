import { expect, it } from "vitest";
import type { OutboxEntry, OutboxView } from "../_outbox/types";
import { followRefusals } from "./followRefusals";

it("takes answers under old labels out of the outbox once, and leaves other refusals to the person", () => {
  const entry = (order: number, projectId: number, details: unknown) =>
    ({
      order,
      projectId,
      submissionId: `s${order}`,
      error: { code: "E_PRECONDITION", message: "", retryable: false, details },
    }) as OutboxEntry;
  const refused = [
    entry(1, 7, { reason: "labelsChanged" }),
    entry(2, 7, undefined),
    entry(3, 8, { reason: "labelsChanged" }),
  ];
  let tell = () => {};
  const discarded: number[] = [];
  const told: [string, boolean | undefined][] = [];
  let nReloads = 0;
  const outbox = {
    subscribe: (listener: () => void) => {
      tell = listener;
      return () => true;
    },
    getSnapshot: () => ({ refused }) as unknown as OutboxView,
    discard: async (order: number) => void discarded.push(order),
  };
  const session = { refused: (id: string, comesBack?: boolean) => void told.push([id, comesBack]) };
  followRefusals(outbox, session, 7, () => nReloads++);
  tell();
  expect(told).toEqual([
    ["s1", true],
    ["s2", false],
    ["s3", false],
  ]);
  tell();
  expect(discarded).toEqual([1]);
  expect(nReloads).toBe(1);
});
