import { beforeEach, describe, expect, it } from "vitest";
import type { WireError } from "@/contracts/errors";
import type { ClaimedItem, ClaimInput, ClaimResult, HistoryRow } from "@/contracts/queue";
import type { NewOutboxEntry, OutboxEntry } from "../_outbox/types";
import { LabelSession } from "./LabelSession";
import type { SessionParts, SessionProject } from "./types";

const PROJECT: SessionProject = {
  id: 7,
  name: "Spam",
  prefetch: 3,
  leaseSeconds: 600,
  guidelinesVersion: 2,
  suggestionPolicy: "show",
};
const PROGRESS = { mineToday: 0, mineTotal: 0, projectResolved: 0, projectItems: 100 };

function claimed(row: number, extra: Partial<ClaimedItem> = {}): ClaimedItem {
  return {
    row,
    externalId: `e${row}`,
    content: { text: `text of item ${row}` },
    leaseToken: `token-${row}`,
    leaseExpiresAt: "2026-11-24T12:00:00Z",
    served: {
      round: 1,
      strategy: "random",
      purpose: "train",
      rank: row,
      score: null,
      percentile: null,
      inclusion: null,
      modelVersion: null,
      isFallback: false,
      reason: null,
    },
    suggestion: null,
    draft: null,
    nearCopies: 0,
    ...extra,
  };
}

/** A server, a browser and a clock that do what the test says. */
class World {
  now = 1_000;
  made = 0;
  rows: ClaimedItem[] = Array.from({ length: 30 }, (_, i) => claimed(i));
  held = new Map<string, ClaimedItem>();
  claims: ClaimInput[] = [];
  status: ClaimResult["status"] = "ok";
  added: NewOutboxEntry[] = [];
  waiting: OutboxEntry[] = [];
  withdrawable = new Set<string>();
  addFails = false;
  lost = new Set<string>();
  renewals: string[][] = [];
  released: string[] = [];
  undone: { submissionId: string; seq?: number }[] = [];
  undoFailures: WireError[] = [];
  history: HistoryRow[] = [];
  localDrafts = new Map<number, unknown>();
  serverDrafts: [number, unknown][] = [];
  timers: { callback: () => void; at: number }[] = [];
  claimError: WireError | null = null;

  open(project: Partial<SessionProject> = {}): LabelSession {
    const parts: SessionParts = {
      project: { ...PROJECT, ...project },
      user: { id: "ann", name: "Ann" },
      tab: "tab",
      api: {
        claim: async (input) => {
          this.claims.push(input);
          if (this.claimError) throw this.claimError;
          if (this.status !== "ok") return { status: this.status, entries: [], progress: PROGRESS, waiting: null };
          const mine = [...this.held.values()].filter((item) => !input.holding?.includes(item.leaseToken));
          const fresh = this.rows.splice(0, Math.max(0, input.n - this.held.size));
          for (const item of fresh) this.held.set(item.leaseToken, item);
          const entries = [...mine, ...fresh];
          return {
            status: this.held.size > 0 ? "ok" : "empty",
            entries,
            progress: PROGRESS,
            waiting:
              this.held.size > 0
                ? null
                : { heldByOthers: 2, nextExpiryAt: null, openForOthers: 0, refillRunning: false, itemsLeft: 2 },
          };
        },
        renew: async (tokens) => {
          this.renewals.push(tokens);
          return {
            leases: tokens.map((token) => ({ token, expiresAt: this.lost.has(token) ? null : "2026-11-24T13:00:00Z" })),
          };
        },
        release: async (tokens) => this.released.push(...tokens),
        undo: async ({ submissionId, seq }) => {
          const failure = this.undoFailures.shift();
          if (failure) throw failure;
          this.undone.push({ submissionId, seq });
          return {
            retractedSeq: seq ?? 0,
            item: claimed(50 + (seq ?? 0), { previousValue: { choice: "before" }, leaseToken: `undo-${seq}` }),
          };
        },
        history: async () => this.history,
        saveDraft: async (row, value) => this.serverDrafts.push([row, value]),
      },
      outbox: {
        add: async (entry) => {
          if (this.addFails) throw new Error("quota exceeded");
          this.added.push(entry);
        },
        withdraw: async (id) => this.withdrawable.has(id),
        settled: async () => true,
        pending: async () => this.waiting,
      },
      drafts: {
        read: async (row) => this.localDrafts.get(row),
        write: async (row, value) => void this.localDrafts.set(row, value),
        remove: async (row) => void this.localDrafts.delete(row),
      },
      isSameAnswer: (a, b) => JSON.stringify(a) === JSON.stringify(b),
      formatAnswer: (value) => (value as { choice: string }).choice,
      readError: (thrown) =>
        thrown instanceof Error
          ? { code: "E_INTERNAL", message: thrown.message, retryable: true }
          : (thrown as WireError),
      now: () => this.now,
      wallTime: (ms) => new Date(Date.UTC(2026, 10, 24) + ms).toISOString(),
      makeUuid: () => `id-${++this.made}`,
      schedule: (callback, afterMs) => {
        const timer = { callback, at: this.now + afterMs };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((each) => each !== timer);
        };
      },
    };
    return new LabelSession(parts);
  }

  /** The server takes what the outbox has. */
  deliver(session: LabelSession): void {
    for (const entry of this.added.splice(0)) {
      this.held.delete(entry.input.leaseToken);
      session.delivered(entry.submissionId, entry.input.row + 1, PROGRESS);
    }
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    const due = this.timers.filter((timer) => timer.at <= this.now);
    this.timers = this.timers.filter((timer) => timer.at > this.now);
    for (const { callback } of due) callback();
    await rest();
  }
}

async function rest(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
const rowOf = (session: LabelSession) => session.getSnapshot().current?.item.row;

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

  it("skips with a reason", async () => {
    const session = world.open();
    await session.start();
    expect(session.skip("unclear")).toBe(true);
    expect(world.added[0].input).toMatchObject({ kind: "skip", reason: "unclear", row: 0 });
    expect(world.added[0].input).not.toHaveProperty("value");
    expect(rowOf(session)).toBe(1);
  });
});
