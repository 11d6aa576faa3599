import type { DraftPort } from "./types";

/** Within a second a change is on the disk and on its way to the server. */
export const LOCAL_DELAY_MS = 200;
export const SERVER_DELAY_MS = 800;

interface Pending {
  row: number;
  value: unknown;
}

/**
 * Saves what is being answered: first in the browser, then on the server. A failed save on the server is not repeated: the
 * browser has it, and the next change tries again.
 */
export class DraftKeeper {
  readonly #drafts: DraftPort;
  readonly #saveOnServer: (row: number, value: unknown) => Promise<unknown>;
  readonly #schedule: (callback: () => void, afterMs: number) => () => void;
  #local: { pending: Pending; cancel: () => void } | null = null;
  #server: { pending: Pending; cancel: () => void } | null = null;

  constructor(
    drafts: DraftPort,
    saveOnServer: (row: number, value: unknown) => Promise<unknown>,
    schedule: (callback: () => void, afterMs: number) => () => void,
  ) {
    this.#drafts = drafts;
    this.#saveOnServer = saveOnServer;
    this.#schedule = schedule;
  }

  keep(row: number, value: unknown): void {
    this.#local?.cancel();
    this.#server?.cancel();
    const pending = { row, value };
    this.#local = { pending, cancel: this.#schedule(() => this.#writeLocal(), LOCAL_DELAY_MS) };
    this.#server = { pending, cancel: this.#schedule(() => this.#writeServer(), SERVER_DELAY_MS) };
  }

  /** Writes at once what still waits: the page is being left. */
  flush(): void {
    this.#writeLocal();
    this.#writeServer();
  }

  /** The item was answered: its draft is history. */
  forget(row: number): void {
    if (this.#local?.pending.row === row) this.#local.cancel();
    if (this.#server?.pending.row === row) this.#server.cancel();
    this.#local = null;
    this.#server = null;
    this.#drafts.remove(row).catch(() => undefined);
  }

  #writeLocal(): void {
    if (!this.#local) return;
    const { pending, cancel } = this.#local;
    cancel();
    this.#local = null;
    this.#drafts.write(pending.row, pending.value).catch(() => undefined);
  }

  #writeServer(): void {
    if (!this.#server) return;
    const { pending, cancel } = this.#server;
    cancel();
    this.#server = null;
    this.#saveOnServer(pending.row, pending.value).catch(() => undefined);
  }
}
