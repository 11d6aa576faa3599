import { beforeEach, describe, expect, it } from "vitest";
import type { ClaimedItem } from "@/contracts/queue";
import type { OutboxEntry } from "../_outbox/types";
import { claimed, PROJECT, rest, rowOf, World } from "./world.test-support";

let world: World;
beforeEach(() => {
  world = new World();
});

describe("LabelSession", () => {
  it("holds the project's number of items and has the next one ready", async () => {
    const session = world.open();
    await session.start();
    expect(session.getSnapshot()).toMatchObject({ phase: "labelling", nHeld: 3 });
    expect(rowOf(session)).toBe(0);
    expect(session.getSnapshot().next?.item.row).toBe(1);
  });

  it("shows the next item in the same turn as the answer, and hands the answer to the outbox", async () => {
    const session = world.open();
    await session.start();
    world.now += 2_500;
    expect(session.label({ choice: "ham" })).toBe("answered");
    expect(rowOf(session)).toBe(1);
    expect(world.added[0]).toMatchObject({
      excerpt: "text of item 0",
      answer: "ham",
      input: {
        row: 0,
        kind: "label",
        value: { choice: "ham" },
        leaseToken: "token-0",
        elapsedMs: 2_500,
        guidelinesVersion: 2,
      },
    });
  });

  it("does not count the time in which nobody could see the item", async () => {
    const session = world.open();
    await session.start();
    world.now += 1_000;
    session.setVisible(false);
    world.now += 60_000;
    session.setVisible(true);
    world.now += 500;
    session.label({ choice: "ham" });
    expect(world.added[0].input.elapsedMs).toBe(1_500);
  });

  it("claims more before it runs dry, counting answers on the way as held", async () => {
    const session = world.open();
    await session.start();
    session.label({ choice: "a" });
    expect(world.claims).toHaveLength(1);
    session.label({ choice: "b" });
    await rest();
    expect(world.claims).toHaveLength(2);
    expect(world.claims[1]).toMatchObject({ n: 5, holding: ["token-2", "token-0", "token-1"] });
    expect(session.getSnapshot().nHeld).toBe(3);
  });

  it("labels a whole pool once each, in the order served", async () => {
    const session = world.open();
    await session.start();
    const seen: number[] = [];
    for (let i = 0; i < 30; i++) {
      await rest();
      seen.push(rowOf(session) ?? -1);
      session.label({ choice: "a" });
      if (i % 3 === 0) world.deliver(session);
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i));
    world.deliver(session);
    await rest();
    expect(session.getSnapshot()).toMatchObject({ phase: "empty", waiting: { heldByOthers: 2 } });
  });

  it("does not offer an item again whose answer an earlier page left unsent", async () => {
    world.held.set("token-0", world.rows.shift() as ClaimedItem);
    world.waiting = [
      {
        submissionId: "old",
        state: "waiting",
        excerpt: "x",
        input: { row: 0, leaseToken: "token-0", kind: "label" },
      } as OutboxEntry,
    ];
    const session = world.open();
    await session.start();
    expect(rowOf(session)).toBe(1);
    expect(session.getSnapshot().recent[0]).toMatchObject({ row: 0, state: "unsent" });
  });

  it("puts the item back with its answer when the browser cannot store it", async () => {
    const session = world.open();
    await session.start();
    world.addFails = true;
    session.label({ choice: "ham" });
    await rest();
    expect(rowOf(session)).toBe(0);
    expect(session.getSnapshot().current?.initialValue).toEqual({ choice: "ham" });
    expect(session.getSnapshot().problem).toMatchObject({ code: "E_STORAGE" });
  });

  describe("undo", () => {
    it("takes an answer back that has not left, without asking the server", async () => {
      const session = world.open();
      await session.start();
      session.label({ choice: "ham" });
      world.withdrawable.add(world.added[0].submissionId);
      expect(await session.undo()).toBeNull();
      expect(rowOf(session)).toBe(0);
      expect(session.getSnapshot().current?.initialValue).toEqual({ choice: "ham" });
      expect(world.undone).toHaveLength(0);
    });

    it("withdraws delivered answers on the server, newest first, as deep as one likes", async () => {
      const session = world.open();
      await session.start();
      for (let i = 0; i < 3; i++) {
        session.label({ choice: "a" });
        world.deliver(session);
        await rest();
      }
      await session.undo();
      await session.undo();
      expect(world.undone.map(({ seq }) => seq)).toEqual([3, 2]);
      expect(rowOf(session)).toBe(52);
      expect(session.getSnapshot().current?.initialValue).toEqual({ choice: "before" });
    });

    it("reaches answers from before the page was loaded", async () => {
      world.history = [
        {
          seq: 9,
          row: 40,
          kind: "label",
          value: { choice: "a" },
          excerpt: "x",
          at: "",
          retracted: true,
          canUndo: false,
        },
        {
          seq: 8,
          row: 41,
          kind: "label",
          value: { choice: "b" },
          excerpt: "y",
          at: "",
          retracted: false,
          canUndo: true,
        },
      ];
      const session = world.open();
      await session.start();
      await session.undo();
      expect(world.undone[0].seq).toBe(8);
    });

    it("takes no answer while it waits, so that none lands on the wrong item", async () => {
      const session = world.open();
      await session.start();
      session.label({ choice: "a" });
      world.deliver(session);
      const undoing = session.undo();
      expect(session.getSnapshot().undoing).toBe(true);
      expect(session.label({ choice: "z" })).toBe("ignored");
      expect(session.skip("unclear")).toBe(false);
      await undoing;
      expect(session.label({ choice: "z" })).toBe("answered");
    });

    it("repeats a withdrawal whose answer was lost, under the same id", async () => {
      const session = world.open();
      await session.start();
      session.label({ choice: "a" });
      world.deliver(session);
      world.undoFailures = [{ code: "E_UNAVAILABLE", message: "lost", retryable: true }];
      expect(await session.undo()).toBeNull();
      expect(world.undone).toHaveLength(1);
    });

    it("says why it cannot, and changes nothing", async () => {
      const session = world.open();
      await session.start();
      expect(await session.undo()).toMatchObject({ code: "E_PRECONDITION" });
      session.label({ choice: "a" });
      world.deliver(session);
      world.undoFailures = [{ code: "E_PRECONDITION", message: "too far back", retryable: false }];
      expect(await session.undo()).toMatchObject({ message: "too far back" });
      expect(rowOf(session)).toBe(1);
      expect(session.getSnapshot().undoing).toBe(false);
    });
  });

  describe("suggestions after the first answer", () => {
    const suggestion = {
      modelVersion: 4,
      trainer: "softmax",
      top: [["ham", 0.9]] as [string, number][],
      value: { choice: "ham" },
      staleness: 0,
    };

    it("uncovers the suggestion when the first answer differs, and takes the second", async () => {
      world.rows[0] = claimed(0, { suggestion });
      const session = world.open({ suggestionPolicy: "afterFirstAnswer" });
      await session.start();
      expect(session.label({ choice: "spam" })).toBe("uncovered");
      expect(rowOf(session)).toBe(0);
      expect(session.getSnapshot().current).toMatchObject({ firstAnswer: { value: { choice: "spam" } } });
      expect(session.label({ choice: "spam" })).toBe("answered");
      expect(world.added[0].input).toMatchObject({
        suggestionShown: true,
        suggestedValue: { choice: "ham" },
        modelVersionSeen: 4,
      });
    });

    it("takes an answer that agrees at once and records that nothing was shown", async () => {
      world.rows[0] = claimed(0, { suggestion });
      const session = world.open({ suggestionPolicy: "afterFirstAnswer" });
      await session.start();
      expect(session.label({ choice: "ham" })).toBe("answered");
      expect(world.added[0].input).toMatchObject({ suggestionShown: false });
      expect(world.added[0].input).not.toHaveProperty("suggestedValue");
    });
  });

  describe("leases", () => {
    it("are renewed on activity once a third of their time is over, not before", async () => {
      const session = world.open();
      await session.start();
      const before = world.renewals.length;
      world.now += 150_000;
      session.activity();
      expect(world.renewals).toHaveLength(before);
      world.now += 60_000;
      session.activity();
      expect(world.renewals).toHaveLength(before + 1);
    });

    it("that are lost cost unseen items only: the current one stays and can be answered", async () => {
      const session = world.open();
      await session.start();
      world.lost = new Set(["token-0", "token-1", "token-2"]);
      world.held.clear();
      world.now += 700_000;
      session.markEnded();
      expect(session.getSnapshot().current?.lease).toBe("ended");
      session.activity();
      await rest();
      expect(session.getSnapshot().current).toMatchObject({ lease: "lost", item: { row: 0 } });
      expect(session.getSnapshot().next?.item.row).toBe(3);
      session.label({ choice: "late" });
      expect(world.added[0].input).toMatchObject({ row: 0, leaseToken: "token-0" });
    });

    it("are given back when the person leaves the screen", async () => {
      const session = world.open();
      await session.start();
      await session.leave();
      expect(world.released).toEqual(["token-0", "token-1", "token-2"]);
    });
  });

  describe("a page that goes away", () => {
    it("lets go of what it holds, but of nothing whose answer is on its way", async () => {
      const session = world.open();
      await session.start();
      session.label({ choice: "ham" });
      session.pageHidden();
      expect(world.left).toEqual([["token-1", "token-2"]]);
      session.stop();
      session.pageHidden();
      expect(world.left).toHaveLength(1);
    });
  });

  describe("drafts", () => {
    it("are on the disk and on the server within a second", async () => {
      const session = world.open();
      await session.start();
      session.draft({ choice: "a" });
      session.draft({ choice: "b" });
      await world.pass(1_000);
      expect(world.localDrafts.get(0)).toEqual({ choice: "b" });
      expect(world.serverDrafts).toEqual([[0, { choice: "b" }]]);
    });

    it("come back after a crash, and the other one is offered when two differ", async () => {
      world.localDrafts.set(0, { choice: "here" });
      world.rows[0] = claimed(0, { draft: { choice: "there" } });
      const session = world.open();
      await session.start();
      expect(session.getSnapshot().current).toMatchObject({
        initialValue: { choice: "here" },
        otherDraft: { choice: "there" },
      });
      session.takeOtherDraft();
      expect(session.getSnapshot().current).toMatchObject({ initialValue: { choice: "there" }, otherDraft: undefined });
    });

    it("are written when the page is hidden and forgotten when the item is answered", async () => {
      const session = world.open();
      await session.start();
      session.draft({ choice: "a" });
      session.setVisible(false);
      await rest();
      expect(world.localDrafts.get(0)).toEqual({ choice: "a" });
      session.label({ choice: "a" });
      await rest();
      expect(world.localDrafts.size).toBe(0);
    });
  });

  it("says that the project is paused once nothing is left to answer", async () => {
    const session = world.open();
    await session.start();
    world.status = "paused";
    session.label({ choice: "a" });
    session.label({ choice: "a" });
    await rest();
    expect(session.getSnapshot()).toMatchObject({ phase: "labelling", ending: "paused", nHeld: 1 });
    session.label({ choice: "a" });
    await rest();
    expect(session.getSnapshot()).toMatchObject({ phase: "paused", current: null });
    world.status = "ok";
    world.held.clear();
    session.nudge();
    await rest();
    expect(session.getSnapshot().phase).toBe("labelling");
  });

  it("asks again by itself while there is nothing, and after a failed claim", async () => {
    world.rows = [];
    const session = world.open();
    await session.start();
    expect(session.getSnapshot().phase).toBe("empty");
    world.claimError = { code: "E_UNAVAILABLE", message: "down", retryable: true };
    await world.pass(10_000);
    expect(session.getSnapshot()).toMatchObject({ phase: "failed", problem: { message: "down" } });
    world.claimError = null;
    world.rows = [claimed(3)];
    await world.pass(1_000);
    expect(rowOf(session)).toBe(3);
    expect(session.getSnapshot().problem).toBeNull();
  });

  it("gives back an item whose label was taken away, to be answered under the new labels", async () => {
    const session = world.open();
    await session.start();
    session.label({ choice: "gone" });
    await rest();
    expect(world.added[0].input).toMatchObject({ row: 0, configVersion: 1 });
    expect(rowOf(session)).toBe(1);
    session.setProject({ ...PROJECT, configVersion: 2 });
    session.refused(world.added[0].submissionId, true);
    expect(rowOf(session)).toBe(0);
    expect(session.getSnapshot().current?.initialValue).toBeNull();
    expect(session.getSnapshot().recent).toEqual([]);
    session.label({ choice: "a" });
    await rest();
    expect(world.added[1].input).toMatchObject({ row: 0, leaseToken: "token-0", configVersion: 2 });
    expect(rowOf(session)).toBe(1);
  });

  it("skips with a reason", async () => {
    const session = world.open();
    await session.start();
    expect(session.skip("unclear")).toBe(true);
    expect(world.added[0].input).toMatchObject({ kind: "skip", reason: "unclear", row: 0 });
    expect(world.added[0].input).not.toHaveProperty("value");
    expect(rowOf(session)).toBe(1);
  });
});
