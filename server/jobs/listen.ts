import pg from "pg";
import type { Logger } from "../log";

export interface Subscription {
  /** Called with the payload of each notification. */
  onPayload: (payload: string) => void;
  /** Called after a lost connection is back: notifications sent in between are gone. */
  onGap: () => void;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
/** A connection that died without a word is found by asking it something. */
const PROBE_EVERY_MS = 15_000;
const PROBE_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * One connection that LISTENs, for any number of subscribers. Connects with the first subscriber, disconnects with the
 * last, and reconnects by itself, with growing pauses, for as long as anyone is subscribed.
 *
 * States: idle (nobody subscribed) → connecting → listening → (connection lost) connecting → …; close() ends it for good.
 */
export class Listener {
  readonly #connectionString: string;
  readonly #log: Logger;
  readonly #subscriptions = new Map<string, Set<Subscription>>();
  #client: pg.Client | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;
  #firstConnection: Promise<void> | undefined;

  constructor(connectionString: string, log: Logger) {
    this.#connectionString = connectionString;
    this.#log = log;
  }

  /** Subscribes to a channel; the returned function ends it. Resolves once the server has the LISTEN. */
  async subscribe(channel: string, subscription: Subscription): Promise<() => void> {
    if (this.#isClosed) throw new Error("This listener is closed.");
    const isFirst = !this.#subscriptions.has(channel);
    const set = this.#subscriptions.get(channel) ?? new Set();
    set.add(subscription);
    this.#subscriptions.set(channel, set);
    const unsubscribe = (): void => {
      set.delete(subscription);
      if (set.size > 0 || this.#subscriptions.get(channel) !== set) return;
      this.#subscriptions.delete(channel);
      if (this.#subscriptions.size === 0) this.#endConnection();
      else this.#client?.query(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    };
    this.#running ??= this.#run();
    // While connecting, run() will LISTEN to every channel known by then.
    if (isFirst && this.#client)
      await this.#client.query(`listen ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    else if (!this.#client) await this.#firstConnection;
    return unsubscribe;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#subscriptions.clear();
    this.#endConnection();
    await this.#running;
  }

  #endConnection(): void {
    this.#wake?.();
    this.#client?.end().catch(() => undefined);
  }

  async #run(): Promise<void> {
    let settleFirst = (): void => undefined;
    this.#firstConnection = new Promise((resolve) => {
      settleFirst = resolve;
    });
    let pause = RETRY_FIRST_MS;
    let hadConnection = false;
    while (this.#subscriptions.size > 0) {
      try {
        const { ended } = await this.#connect();
        pause = RETRY_FIRST_MS;
        if (hadConnection) for (const set of this.#subscriptions.values()) for (const s of set) s.onGap();
        hadConnection = true;
        settleFirst();
        await ended;
      } catch (error) {
        this.#log.warn("listening connection failed; trying again", { error, pauseMs: pause });
      }
      this.#client = undefined;
      if (this.#subscriptions.size === 0) break;
      await this.#sleep(pause);
      pause = Math.min(pause * 2, RETRY_MAX_MS);
    }
    settleFirst();
    this.#running = undefined;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Connects and LISTENs; `ended` resolves when the connection is gone. */
  async #connect(): Promise<{ ended: Promise<void> }> {
    const client = new pg.Client({
      connectionString: this.#connectionString,
      application_name: "winnow listen",
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: PROBE_TIMEOUT_MS,
    });
    const ended = new Promise<void>((resolve) => {
      client.once("end", resolve);
      client.once("error", () => resolve());
    });
    // Errors after the first are the same loss again.
    client.on("error", () => undefined);
    client.on("notification", ({ channel, payload }) => {
      for (const s of this.#subscriptions.get(channel) ?? []) s.onPayload(payload ?? "");
    });
    await client.connect();
    for (const channel of this.#subscriptions.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    this.#client = client;
    const probe = setInterval(() => {
      client.query("select 1").catch(() => client.end().catch(() => undefined));
    }, PROBE_EVERY_MS);
    probe.unref();
    void ended.then(() => clearInterval(probe));
    return { ended };
  }
}
