import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { AppError } from "../errors";

/**
 * Scratch file by which items reach a compute child: for each item its row (u32), the number of bytes (u32) and that many
 * bytes of UTF-8: the text itself, or the JSON of a record's fields. Little endian, rows ascending.
 */

const HEAD_BYTES = 8;
const BUFFER_BYTES = 1 << 20;

export class ItemFileWriter {
  #buffered: Buffer[] = [];
  #size = 0;
  nItems = 0;

  private constructor(private readonly file: FileHandle) {}

  static async create(path: string): Promise<ItemFileWriter> {
    return new ItemFileWriter(await open(path, "wx", 0o600));
  }

  async write(row: number, text: string): Promise<void> {
    const body = Buffer.from(text, "utf8");
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32LE(row, 0);
    head.writeUInt32LE(body.length, 4);
    this.#buffered.push(head, body);
    this.#size += HEAD_BYTES + body.length;
    this.nItems++;
    if (this.#size >= BUFFER_BYTES) await this.#flush();
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.file.close();
    }
  }

  async #flush(): Promise<void> {
    if (this.#size > 0) await this.file.writeFile(Buffer.concat(this.#buffered));
    this.#buffered = [];
    this.#size = 0;
  }
}

export interface StoredItem {
  row: number;
  text: string;
}

/** The items of a file in batches, in bounded memory (one batch and one item). */
export async function* readItemFile(path: string): AsyncGenerator<StoredItem[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: BUFFER_BYTES })) {
    const bytes: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    const batch: StoredItem[] = [];
    let at = 0;
    while (at + HEAD_BYTES <= bytes.length) {
      const end = at + HEAD_BYTES + bytes.readUInt32LE(at + 4);
      if (end > bytes.length) break;
      batch.push({ row: bytes.readUInt32LE(at), text: bytes.toString("utf8", at + HEAD_BYTES, end) });
      at = end;
    }
    rest = bytes.subarray(at);
    if (batch.length > 0) yield batch;
  }
  if (rest.length > 0) throw new AppError("E_INTERNAL", `Scratch file ${path} ends inside an item.`);
}
