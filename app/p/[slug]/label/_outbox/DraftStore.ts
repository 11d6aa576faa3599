import type { IDBPDatabase } from "idb";
import { browserNow } from "@/app/_ui/browserClock";
import type { OutboxSchema } from "./openOutboxStore";
import { openOutboxDatabase } from "./openOutboxStore";

/** Drafts of items that never come back must not fill the disk. */
const DRAFTS_MAX = 500;

/** Unfinished answers in the browser's database, so that a crash or a lost session costs nothing. */
export class DraftStore {
  readonly #userId: string;
  readonly #projectId: number;
  /** Resolves to null where the browser keeps no database: then drafts live on the server only. */
  readonly #db: Promise<IDBPDatabase<OutboxSchema> | null>;

  constructor(userId: string, projectId: number) {
    this.#userId = userId;
    this.#projectId = projectId;
    this.#db = openOutboxDatabase().catch(() => null);
  }

  async read(row: number): Promise<unknown> {
    const record = await (await this.#db)?.get("drafts", [this.#userId, this.#projectId, row]);
    return record?.value;
  }

  async write(row: number, value: unknown): Promise<void> {
    const db = await this.#db;
    if (!db) return;
    const savedAt = browserNow();
    await db.put("drafts", { userId: this.#userId, projectId: this.#projectId, row, value, savedAt });
    if ((await db.count("drafts")) > DRAFTS_MAX) await removeOldest(db);
  }

  async remove(row: number): Promise<void> {
    await (await this.#db)?.delete("drafts", [this.#userId, this.#projectId, row]);
  }
}

async function removeOldest(db: IDBPDatabase<OutboxSchema>): Promise<void> {
  const tx = db.transaction("drafts", "readwrite");
  const records = (await tx.store.getAll()).sort((a, b) => a.savedAt - b.savedAt);
  for (const { userId, projectId, row } of records.slice(0, records.length - DRAFTS_MAX)) {
    await tx.store.delete([userId, projectId, row]);
  }
  await tx.done;
}
