import type { NewOutboxEntry, OutboxEntry, OutboxStore } from "./types";

/** The same store without a database: answers live as long as the tab. */
export class MemoryOutboxStore implements OutboxStore {
  readonly durable = false;
  #entries: OutboxEntry[] = [];
  #next = 1;

  async append(entry: NewOutboxEntry): Promise<OutboxEntry> {
    const stored: OutboxEntry = {
      ...entry,
      order: this.#next++,
      state: "waiting",
      attempts: 0,
      faults: 0,
      error: null,
    };
    this.#entries.push(stored);
    return stored;
  }

  async list(userId: string): Promise<OutboxEntry[]> {
    return this.#entries.filter((entry) => entry.userId === userId);
  }

  async takeFirst(userId: string): Promise<OutboxEntry | null> {
    const at = this.#entries.findIndex((entry) => entry.userId === userId && entry.state === "waiting");
    if (at < 0) return null;
    this.#entries[at] = { ...this.#entries[at], attempts: this.#entries[at].attempts + 1 };
    return this.#entries[at];
  }

  async patch(order: number, fields: Parameters<OutboxStore["patch"]>[1]): Promise<void> {
    this.#entries = this.#entries.map((entry) => (entry.order === order ? { ...entry, ...fields } : entry));
  }

  async remove(order: number): Promise<void> {
    this.#entries = this.#entries.filter((entry) => entry.order !== order);
  }

  async withdraw(submissionId: string): Promise<boolean> {
    const found = this.#entries.find((entry) => entry.submissionId === submissionId);
    if (!found || found.attempts > 0) return false;
    await this.remove(found.order);
    return true;
  }

  async others(userId: string): Promise<{ userName: string; count: number }[]> {
    const names = this.#entries.filter((entry) => entry.userId !== userId).map((entry) => entry.userName);
    return [...new Set(names)].map((userName) => ({ userName, count: names.filter((n) => n === userName).length }));
  }
}
