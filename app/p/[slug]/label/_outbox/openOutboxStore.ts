import type { DBSchema, IDBPDatabase } from "idb";
import { openDB } from "idb";
import { MemoryOutboxStore } from "./MemoryOutboxStore";
import type { NewOutboxEntry, OutboxEntry, OutboxStore } from "./types";

const DATABASE = "winnow-outbox";
const VERSION = 1;

export interface DraftRecord {
  userId: string;
  projectId: number;
  row: number;
  value: unknown;
  /** Wall clock, ms; the oldest go first when there are too many. */
  savedAt: number;
}

export interface OutboxSchema extends DBSchema {
  entries: {
    key: number;
    value: OutboxEntry;
    indexes: { submissionId: string; userId: string };
  };
  drafts: { key: [string, number, number]; value: DraftRecord };
}

/** Opens the browser's database of answers and drafts; older versions are upgraded in place, never emptied. */
export function openOutboxDatabase(): Promise<IDBPDatabase<OutboxSchema>> {
  return openDB<OutboxSchema>(DATABASE, VERSION, {
    upgrade(db) {
      const entries = db.createObjectStore("entries", { keyPath: "order", autoIncrement: true });
      entries.createIndex("submissionId", "submissionId", { unique: true });
      entries.createIndex("userId", "userId");
      db.createObjectStore("drafts", { keyPath: ["userId", "projectId", "row"] });
    },
    // A newer page wants to upgrade: let go, so that it can; this tab goes on from memory until it is reloaded.
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
    },
  });
}

/**
 * The store that survives reload and crash. Where the browser keeps no database (some private windows), a store in memory
 * takes its place and says so.
 */
export async function openOutboxStore(): Promise<OutboxStore> {
  try {
    return new IdbOutboxStore(await openOutboxDatabase());
  } catch {
    // Losing durability is shown on the screen (`durable: false`); refusing to label would lose more.
    return new MemoryOutboxStore();
  }
}

export class IdbOutboxStore implements OutboxStore {
  readonly durable = true;
  readonly #db: IDBPDatabase<OutboxSchema>;

  constructor(db: IDBPDatabase<OutboxSchema>) {
    this.#db = db;
  }

  async append(entry: NewOutboxEntry): Promise<OutboxEntry> {
    const tx = this.#db.transaction("entries", "readwrite", { durability: "strict" });
    const fresh = { ...entry, state: "waiting" as const, attempts: 0, faults: 0, error: null };
    // The key is made by the database: the order of adding, whatever tab added.
    const order = await tx.store.add(fresh as OutboxEntry);
    await tx.done;
    return { ...fresh, order };
  }

  list(userId: string): Promise<OutboxEntry[]> {
    return this.#db.getAllFromIndex("entries", "userId", userId);
  }

  async takeFirst(userId: string): Promise<OutboxEntry | null> {
    const tx = this.#db.transaction("entries", "readwrite");
    let cursor = await tx.store.index("userId").openCursor(userId);
    while (cursor && cursor.value.state !== "waiting") cursor = await cursor.continue();
    if (!cursor) return null;
    const taken = { ...cursor.value, attempts: cursor.value.attempts + 1 };
    await cursor.update(taken);
    await tx.done;
    return taken;
  }

  async patch(order: number, fields: Parameters<OutboxStore["patch"]>[1]): Promise<void> {
    const tx = this.#db.transaction("entries", "readwrite");
    const found = await tx.store.get(order);
    if (found) await tx.store.put({ ...found, ...fields });
    await tx.done;
  }

  remove(order: number): Promise<void> {
    return this.#db.delete("entries", order);
  }

  async withdraw(submissionId: string): Promise<boolean> {
    const tx = this.#db.transaction("entries", "readwrite");
    const found = await tx.store.index("submissionId").get(submissionId);
    const removable = found !== undefined && found.attempts === 0;
    if (removable) await tx.store.delete(found.order);
    await tx.done;
    return removable;
  }

  async others(userId: string): Promise<{ userName: string; count: number }[]> {
    const counts = new Map<string, number>();
    for (const entry of await this.#db.getAll("entries")) {
      if (entry.userId !== userId) counts.set(entry.userName, (counts.get(entry.userName) ?? 0) + 1);
    }
    return [...counts].map(([userName, count]) => ({ userName, count }));
  }
}
