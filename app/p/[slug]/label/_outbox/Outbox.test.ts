import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { WireError } from "@/contracts/errors";
import type { SubmitInput, SubmitResult } from "@/contracts/queue";
import { MemoryOutboxStore } from "./MemoryOutboxStore";
import type { OutboxMessage } from "./Outbox";
import { Outbox } from "./Outbox";
import { openOutboxStore } from "./openOutboxStore";
import type { NewOutboxEntry, OutboxStore } from "./types";

/** What happens to one call: it works, or fails before or after the server saw it, or the server answers an error. */
type Fate = "ok" | "lostBefore" | "lostAfter" | "fault" | "signedOut" | "refused";

class NetworkLost extends Error {}
class Answered extends Error {
  constructor(readonly wire: WireError) {
    super(wire.message);
  }
}
const OFFLINE: WireError = { code: "E_UNAVAILABLE", message: "no answer", retryable: true };
const FAULT: WireError = { code: "E_INTERNAL", message: "broken", retryable: true };
const SIGNED_OUT: WireError = { code: "E_UNAUTHENTICATED", message: "signed out", retryable: false };
const REFUSED: WireError = { code: "E_LEASE", message: "not your lease", retryable: false };

/** A server that takes each submission once and answers repeats with the first answer. */
class FakeServer {
  readonly accepted: string[] = [];
  readonly repeats: string[] = [];
  fates: Fate[] = [];
  calls = 0;
  /** Submissions that it will never take. */
  readonly refuses = new Set<string>();

  async submit(input: SubmitInput): Promise<SubmitResult> {
    this.calls += 1;
    const fate = this.fates.shift() ?? "ok";
    await Promise.resolve();
    if (fate === "lostBefore") throw new NetworkLost();
    if (fate === "fault") throw new Answered(FAULT);
    if (fate === "signedOut") throw new Answered(SIGNED_OUT);
    if (fate === "refused" || this.refuses.has(input.submissionId)) throw new Answered(REFUSED);
    const isRepeat = this.accepted.includes(input.submissionId);
    (isRepeat ? this.repeats : this.accepted).push(input.submissionId);
    if (fate === "lostAfter") throw new NetworkLost();
    return {
      seq: this.accepted.indexOf(input.submissionId) + 1,
      row: input.row,
      submissionId: input.submissionId,
      isLate: false,
      isExtra: false,
      isRepeat,
      itemStatus: "resolved",
      progress: { mineToday: 0, mineTotal: 0, projectItems: 0, projectResolved: 0 },
    };
  }
}

/** One browser: tabs share its store, its lock and its channel. Time passes only when asked. */
class FakeBrowser {
  readonly tabs: Outbox[] = [];
  #timers: (() => void)[] = [];
  #lock: Promise<void> = Promise.resolve();

  constructor(
    readonly server: FakeServer,
    readonly store: OutboxStore,
  ) {}

  openTab(userId = "ann"): Outbox {
    const outbox: Outbox = new Outbox({
      userId,
      store: this.store,
      send: (input) => this.server.submit(input),
      readError: (thrown) => (thrown instanceof Answered ? thrown.wire : OFFLINE),
      exclusively: (work) => {
        const turn = this.#lock.then(work);
        this.#lock = turn.catch(() => undefined);
        return turn;
      },
      broadcast: (message: OutboxMessage) => {
        for (const tab of this.tabs) if (tab !== outbox) tab.onElsewhere(message);
      },
      schedule: (callback) => {
        this.#timers.push(callback);
        return () => {
          this.#timers = this.#timers.filter((timer) => timer !== callback);
        };
      },
      jitter: () => 0,
    });
    this.tabs.push(outbox);
    return outbox;
  }

  closeTab(tab: Outbox): void {
    tab.stop();
    this.tabs.splice(this.tabs.indexOf(tab), 1);
  }

  /** Lets everything that is under way come to rest, and the waits in between pass. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 400; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 8 === 7) {
        const due = this.#timers;
        this.#timers = [];
        for (const timer of due) timer();
      }
      if (turn > 40 && this.#timers.length === 0 && this.tabs.every((tab) => tab.getSnapshot().phase !== "sending"))
        return;
    }
  }
}

let made = 0;
function answer(userId = "ann"): NewOutboxEntry {
  made += 1;
  const submissionId = `00000000-0000-4000-8000-${String(made).padStart(12, "0")}`;
  return {
    submissionId,
    userId,
    userName: userId,
    projectId: 1,
    projectName: "Spam",
    input: { projectId: 1, submissionId, leaseToken: submissionId, row: made, kind: "label", value: { choice: "a" } },
    excerpt: `item ${made}`,
    answer: "a",
  };
}

async function openBrowser(): Promise<FakeBrowser> {
  return new FakeBrowser(new FakeServer(), await openOutboxStore());
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

describe("Outbox", () => {
  it("is durable where the browser has a database, and says when it is not", async () => {
    expect((await openOutboxStore()).durable).toBe(true);
    const open = (): never => {
      throw new DOMException("private window", "SecurityError");
    };
    globalThis.indexedDB = { open } as unknown as IDBFactory;
    const store = await openOutboxStore();
    expect(store.durable).toBe(false);
    const browser = new FakeBrowser(new FakeServer(), store);
    const tab = browser.openTab();
    await tab.add(answer());
    await browser.settle();
    expect(browser.server.accepted).toHaveLength(1);
  });

  it("counts an answer from the moment it is given until it is acknowledged", async () => {
    const browser = await openBrowser();
    const tab = browser.openTab();
    const added = tab.add(answer());
    expect(tab.getSnapshot().unsent).toBe(1);
    await added;
    expect(tab.getSnapshot().unsent).toBe(1);
    await browser.settle();
    expect(tab.getSnapshot().unsent).toBe(0);
  });

  it("keeps answers through a lost network and a closed tab, and sends them in order when it is back", async () => {
    const browser = await openBrowser();
    browser.server.fates = Array<Fate>(20).fill("lostBefore");
    const entries = [answer(), answer(), answer()];
    const tab = browser.openTab();
    for (const entry of entries) await tab.add(entry);
    expect(tab.getSnapshot().unsent).toBe(3);
    browser.closeTab(tab);

    browser.server.fates = [];
    const again = browser.openTab();
    await again.refresh();
    expect(again.getSnapshot().unsent).toBe(3);
    again.wake();
    await browser.settle();
    expect(browser.server.accepted).toEqual(entries.map((entry) => entry.submissionId));
    expect(again.getSnapshot()).toMatchObject({ unsent: 0, phase: "idle" });
  });

  it("sends an answer whose acknowledgement was lost again, and the server counts it once", async () => {
    const browser = await openBrowser();
    browser.server.fates = ["lostAfter"];
    const tab = browser.openTab();
    const entry = answer();
    await tab.add(entry);
    await browser.settle();
    expect(browser.server.accepted).toEqual([entry.submissionId]);
    expect(browser.server.repeats).toEqual([entry.submissionId]);
    expect(tab.getSnapshot().unsent).toBe(0);
  });

  it("moves a refused answer aside with the reason and goes on with the next", async () => {
    const browser = await openBrowser();
    const tab = browser.openTab();
    const [bad, good] = [answer(), answer()];
    browser.server.refuses.add(bad.submissionId);
    await tab.add(bad);
    await tab.add(good);
    await browser.settle();
    expect(browser.server.accepted).toEqual([good.submissionId]);
    const { refused, unsent } = tab.getSnapshot();
    expect(unsent).toBe(0);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({
      submissionId: bad.submissionId,
      error: REFUSED,
      input: { value: { choice: "a" } },
    });

    browser.server.refuses.clear();
    await tab.retry(refused[0].order);
    await browser.settle();
    expect(browser.server.accepted).toEqual([good.submissionId, bad.submissionId]);
    expect(tab.getSnapshot().refused).toHaveLength(0);
  });

  it("discards a refused answer only when told to", async () => {
    const browser = await openBrowser();
    const tab = browser.openTab();
    browser.server.fates = ["refused"];
    await tab.add(answer());
    await browser.settle();
    await tab.discard(tab.getSnapshot().refused[0].order);
    expect(tab.getSnapshot().refused).toHaveLength(0);
    expect(browser.server.accepted).toHaveLength(0);
  });

  it("lets no answer that the server keeps failing on hold up the others for ever", async () => {
    const browser = await openBrowser();
    browser.server.fates = Array<Fate>(5).fill("fault");
    const tab = browser.openTab();
    const [first, second] = [answer(), answer()];
    await tab.add(first);
    await tab.add(second);
    await browser.settle();
    expect(browser.server.accepted).toEqual([second.submissionId]);
    expect(tab.getSnapshot().refused.map((entry) => entry.submissionId)).toEqual([first.submissionId]);
  });

  it("waits when the session has ended, keeps everything, and goes on after signing in", async () => {
    const browser = await openBrowser();
    browser.server.fates = ["signedOut"];
    const tab = browser.openTab();
    await tab.add(answer());
    await browser.settle();
    await tab.add(answer());
    await browser.settle();
    expect(tab.getSnapshot()).toMatchObject({ phase: "signedOut", unsent: 2 });
    expect(browser.server.calls).toBe(1);
    tab.wake();
    await browser.settle();
    expect(browser.server.accepted).toHaveLength(2);
    expect(tab.getSnapshot().phase).toBe("idle");
  });

  it("never sends one person's answers in another person's session", async () => {
    const browser = await openBrowser();
    browser.server.fates = ["lostBefore"];
    const ann = browser.openTab("ann");
    await ann.add(answer("ann"));
    browser.closeTab(ann);
    const ben = browser.openTab("ben");
    await ben.add(answer("ben"));
    await browser.settle();
    expect(browser.server.accepted).toHaveLength(1);
    expect(ben.getSnapshot().others).toEqual([{ userName: "ann", count: 1 }]);
  });

  it("withdraws an answer that never left, and refuses to once it may have arrived", async () => {
    const browser = await openBrowser();
    browser.server.fates = ["lostAfter"];
    const tab = browser.openTab();
    const [sent, kept] = [answer(), answer()];
    await tab.add(sent);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    await tab.add(kept);
    expect(await tab.withdraw(sent.submissionId)).toBe(false);
    expect(await tab.withdraw(kept.submissionId)).toBe(true);
    await browser.settle();
    expect(browser.server.accepted).toEqual([sent.submissionId]);
  });

  it("says when an answer has settled, and gives up saying so after the time given", async () => {
    const browser = await openBrowser();
    const tab = browser.openTab();
    const entry = answer();
    await tab.add(entry);
    const settled = tab.settled(entry.submissionId, 1_000);
    await browser.settle();
    expect(await settled).toBe(true);
    expect(await tab.settled("00000000-0000-4000-8000-999999999999", 1_000)).toBe(true);
  });

  it("tells all tabs what is unsent and what was delivered", async () => {
    const browser = await openBrowser();
    browser.server.fates = ["lostBefore"];
    const [one, two] = [browser.openTab(), browser.openTab()];
    const delivered: string[] = [];
    two.onDelivered(({ submissionId }) => delivered.push(submissionId));
    const entry = answer();
    await one.add(entry);
    await new Promise((resolve) => setImmediate(resolve));
    expect(two.getSnapshot().unsent).toBe(1);
    await browser.settle();
    expect(two.getSnapshot().unsent).toBe(0);
    expect(delivered).toEqual([entry.submissionId]);
  });

  /**
   * The law: whatever fails whenever, once all is well again the server has every answer exactly once, in the order given,
   * but for those it refuses, which are still in the outbox.
   */
  it.each(["IndexedDB", "memory"])(
    "delivers exactly once and in order through any failures (%s)",
    async (kind) => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.constant("add" as const) },
        { weight: 2, arbitrary: fc.constant("crash" as const) },
        { weight: 2, arbitrary: fc.constant("pause" as const) },
        { weight: 2, arbitrary: fc.constant("wake" as const) },
        { weight: 1, arbitrary: fc.constant("secondTab" as const) },
      );
      const fate = fc.constantFrom<Fate>("ok", "ok", "lostBefore", "lostAfter", "fault", "signedOut");
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 25 }),
          fc.array(fate, { maxLength: 40 }),
          fc.array(fc.nat(20), { maxLength: 3 }),
          async (steps, fates, refusedAt) => {
            globalThis.indexedDB = new IDBFactory();
            const store = kind === "memory" ? new MemoryOutboxStore() : await openOutboxStore();
            const browser = new FakeBrowser(new FakeServer(), store);
            browser.server.fates = [...fates];
            const given: string[] = [];
            let tab = browser.openTab();
            for (const each of steps) {
              if (each === "add") {
                const entry = answer();
                if (refusedAt.includes(given.length)) browser.server.refuses.add(entry.submissionId);
                given.push(entry.submissionId);
                await tab.add(entry);
              } else if (each === "crash") {
                browser.closeTab(tab);
                tab = browser.openTab();
              } else if (each === "secondTab") {
                browser.openTab().wake();
              } else if (each === "wake") {
                tab.wake();
              } else {
                await new Promise((resolve) => setImmediate(resolve));
              }
            }
            browser.server.fates = [];
            for (let round = 0; round < 4; round++) {
              for (const each of browser.tabs) each.wake();
              await browser.settle();
            }
            const left = await store.list("ann");
            const refused = left.map((entry) => entry.submissionId);
            expect(left.every((entry) => entry.state === "refused")).toBe(true);
            expect(new Set(browser.server.accepted).size).toBe(browser.server.accepted.length);
            expect(
              [...browser.server.accepted, ...refused.filter((id) => !browser.server.accepted.includes(id))].sort(),
            ).toEqual([...given].sort());
            const faulty = new Set(refused);
            const inOrder = browser.server.accepted.filter((id) => !faulty.has(id));
            expect(inOrder).toEqual(given.filter((id) => inOrder.includes(id)));
          },
        ),
        { numRuns: 60, seed: 20_261_124 },
      );
    },
    120_000,
  );
});
