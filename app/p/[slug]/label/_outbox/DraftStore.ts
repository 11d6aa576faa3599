import type { IDBPDatabase } from "idb";
import type { OutboxSchema } from "./openOutboxStore";
import { openOutboxDatabase } from "./openOutboxStore";

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
    await (await this.#db)?.put("drafts", { userId: this.#userId, projectId: this.#projectId, row, value });
  }

  async remove(row: number): Promise<void> {
    await (await this.#db)?.delete("drafts", [this.#userId, this.#projectId, row]);
  }
}
