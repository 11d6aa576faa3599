import { createHash, randomUUID } from "node:crypto";
import type { Dirent, Stats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../../errors";
import { contentKey, hashOfContentKey, parseBlobKey } from "../blobKey";
import type {
  BlobKey,
  BlobReader,
  BlobSource,
  BlobStat,
  BlobStore,
  PutOptions,
  PutResult,
  ReadStreamOptions,
  StorageAddress,
} from "../port";

/** Files being written live here, beside the blobs and so on the same file system; no key can start with a dot. */
const DRAFTS = ".drafts";
const CHUNK_BYTES = 256 * 1024;

/** What a disk says. Other errors come from the caller's stream or signal, and say more than ours could. */
const DISK_CODES: ReadonlySet<string> = new Set(
  "ENOSPC EDQUOT EACCES EPERM EROFS EIO EMFILE ENFILE ENOTDIR ENOENT EEXIST EISDIR ELOOP ENAMETOOLONG".split(" "),
);

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
}

function notFound(key: BlobKey, cause?: unknown): AppError {
  return new AppError("E_NOT_FOUND", `No blob is stored under "${key}".`, { details: { key }, cause });
}

/** Names what the operator can mend: a full disk, a folder that cannot be written. */
function storageError(doing: string, key: BlobKey, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = errorCode(cause);
  const hint =
    code === "ENOSPC"
      ? "The disk is full: free some space."
      : code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? "The data folder cannot be written: check its owner and mode."
        : "Try again; if it stays so, look at the disk.";
  return new AppError("E_STORAGE", `${doing} "${key}" failed (${code ?? String(cause)}). ${hint}`, {
    details: { key, code },
    cause,
  });
}

async function* chunksOf(source: BlobSource): AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else yield* source;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

async function readExactly(file: FileHandle, key: BlobKey, offset: number, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, into.length - at, offset + at);
    if (bytesRead === 0) {
      throw new AppError(
        "E_STORAGE",
        `Blob "${key}" ends at byte ${offset + at}, but ${into.length} bytes from ${offset} were asked for.`,
        { details: { key, offset, length: into.length } },
      );
    }
    at += bytesRead;
  }
}

/** Makes a rename or a new name survive power loss. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

class FsBlobStore implements BlobStore {
  readonly address: StorageAddress;
  readonly #root: string;

  constructor(root: string) {
    this.#root = resolve(root);
    this.address = { kind: "fs", root: this.#root };
  }

  #path(key: BlobKey): string {
    return join(this.#root, ...parseBlobKey(key));
  }

  async putContent(source: BlobSource, options: PutOptions = {}): Promise<PutResult> {
    const draft = await this.#writeDraft("new content", source, options);
    return this.#settle(draft, contentKey(draft.sha256));
  }

  async put(key: BlobKey, source: BlobSource, options: PutOptions = {}): Promise<PutResult> {
    parseBlobKey(key);
    const draft = await this.#writeDraft(key, source, { ...options, sha256: options.sha256 ?? hashOfContentKey(key) });
    return this.#settle(draft, key);
  }

  /** Writes and syncs the bytes under a name of their own; leaves nothing behind when anything goes wrong. */
  async #writeDraft(key: BlobKey, source: BlobSource, options: PutOptions) {
    const path = join(this.#root, DRAFTS, randomUUID());
    const hash = createHash("sha256");
    let size = 0;
    try {
      options.signal?.throwIfAborted();
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, "wx", 0o600);
      try {
        for await (const chunk of chunksOf(source)) {
          options.signal?.throwIfAborted();
          size += chunk.length;
          if (options.sizeMax !== undefined && size > options.sizeMax) {
            throw new AppError(
              "E_TOO_LARGE",
              `More than the ${options.sizeMax} bytes allowed arrived; nothing was kept.`,
              {
                details: { sizeMax: options.sizeMax },
              },
            );
          }
          hash.update(chunk);
          await writeAll(file, chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      const sha256 = hash.digest("hex");
      if (options.sha256 !== undefined && options.sha256 !== sha256) {
        throw new AppError(
          "E_STORAGE",
          `The bytes for "${key}" have SHA-256 ${sha256}, expected ${options.sha256}; nothing was kept. Send them again.`,
          { details: { key, expected: options.sha256, got: sha256 } },
        );
      }
      return { path, size, sha256 };
    } catch (error) {
      // Where the folder itself cannot be had there is no draft to remove.
      await rm(path, { force: true }).catch(() => undefined);
      throw DISK_CODES.has(errorCode(error) ?? "") ? storageError("Writing", key, error) : error;
    }
  }

  /** Gives a draft its name. rename() replaces in one step; the folder's sync makes it last. */
  async #settle(draft: { path: string; size: number; sha256: string }, key: BlobKey): Promise<PutResult> {
    const path = this.#path(key);
    const { size, sha256 } = draft;
    try {
      if (hashOfContentKey(key) !== undefined && (await this.#hasSize(path, size))) {
        await rm(draft.path, { force: true });
        return { key, size, sha256 };
      }
      // deletePrefix() may remove an emptied folder between mkdir and rename: make it again.
      for (let n = 0; ; n++) {
        const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        try {
          await rename(draft.path, path);
        } catch (error) {
          if (errorCode(error) !== "ENOENT" || n >= 3) throw error;
          continue;
        }
        await syncFolder(dirname(path));
        if (made) await this.#syncAncestors(made, dirname(path));
        return { key, size, sha256 };
      }
    } catch (error) {
      await rm(draft.path, { force: true });
      throw storageError("Storing", key, error);
    }
  }

  async #hasSize(path: string, size: number): Promise<boolean> {
    try {
      return (await stat(path)).size === size;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Syncs the parents of each folder that was just made, from the deepest up to the one that existed before. */
  async #syncAncestors(firstMade: string, deepest: string): Promise<void> {
    for (let folder = deepest; folder.length >= firstMade.length; folder = dirname(folder)) {
      await syncFolder(dirname(folder));
    }
  }

  async #openFile(key: BlobKey): Promise<{ file: FileHandle; info: Stats }> {
    const path = this.#path(key);
    let file: FileHandle;
    try {
      file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    } catch (error) {
      throw isMissing(error) ? notFound(key, error) : storageError("Opening", key, error);
    }
    const info = await file.stat();
    if (info.isFile()) return { file, info };
    await file.close();
    throw notFound(key);
  }

  async get(key: BlobKey): Promise<Uint8Array<ArrayBuffer>> {
    const { file, info } = await this.#openFile(key);
    try {
      const bytes = new Uint8Array(info.size);
      await readExactly(file, key, 0, bytes);
      const expected = hashOfContentKey(key);
      if (expected !== undefined) {
        const got = createHash("sha256").update(bytes).digest("hex");
        if (got !== expected) {
          throw new AppError(
            "E_STORAGE",
            `Blob "${key}" is damaged: its bytes have SHA-256 ${got}. Restore it from a backup.`,
            {
              details: { key, expected, got },
            },
          );
        }
      }
      return bytes;
    } catch (error) {
      throw storageError("Reading", key, error);
    } finally {
      await file.close();
    }
  }

  async *stream(key: BlobKey, options: ReadStreamOptions = {}): AsyncIterable<Uint8Array> {
    const { file, info } = await this.#openFile(key);
    try {
      const start = Math.min(options.start ?? 0, info.size);
      const end = options.length === undefined ? info.size : Math.min(info.size, start + options.length);
      for (let at = start; at < end; ) {
        options.signal?.throwIfAborted();
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - at));
        await readExactly(file, key, at, chunk);
        at += chunk.length;
        yield chunk;
      }
    } finally {
      await file.close();
    }
  }

  async readRange(key: BlobKey, offset: number, into: Uint8Array): Promise<void> {
    const { file } = await this.#openFile(key);
    try {
      await readExactly(file, key, offset, into);
    } catch (error) {
      throw storageError("Reading", key, error);
    } finally {
      await file.close();
    }
  }

  async open(key: BlobKey): Promise<BlobReader> {
    const { file, info } = await this.#openFile(key);
    return {
      size: info.size,
      read: (offset, into) => readExactly(file, key, offset, into),
      close: () => file.close(),
    };
  }

  async stat(key: BlobKey): Promise<BlobStat | undefined> {
    try {
      const info = await stat(this.#path(key));
      return info.isFile() ? { key, size: info.size, modifiedAt: info.mtime } : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storageError("Looking up", key, error);
    }
  }

  async delete(key: BlobKey): Promise<boolean> {
    const path = this.#path(key);
    try {
      await unlink(path);
    } catch (error) {
      // Some systems answer EPERM for a folder; a folder is not a blob.
      if (isMissing(error) || (errorCode(error) === "EPERM" && (await this.stat(key)) === undefined)) return false;
      throw storageError("Deleting", key, error);
    }
    await this.#removeEmptyFolders(dirname(path));
    return true;
  }

  async #removeEmptyFolders(from: string): Promise<void> {
    for (let folder = from; folder.length > this.#root.length; folder = dirname(folder)) {
      try {
        await rmdir(folder);
      } catch {
        // Not empty, or another delete was first: either way there is nothing more to tidy.
        return;
      }
    }
  }

  async *list(prefix: string): AsyncIterable<BlobStat> {
    const segments = prefix === "" ? [] : parseBlobKey(prefix.replace(/\/$/, ""));
    if (segments.length > 0) {
      const exact = await this.stat(segments.join("/"));
      if (exact) yield exact;
    }
    yield* this.#walk(segments);
  }

  async *#walk(segments: string[]): AsyncIterable<BlobStat> {
    let entries: Dirent[];
    try {
      entries = await readdir(join(this.#root, ...segments), { withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return;
      throw storageError("Listing", segments.join("/"), error);
    }
    // Keys are ordered as strings, so a folder sorts as its name with the slash that follows it.
    const sortName = (entry: Dirent): string => (entry.isDirectory() ? `${entry.name}/` : entry.name);
    entries.sort((a, b) => (sortName(a) < sortName(b) ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const path = [...segments, entry.name];
      if (entry.isDirectory()) yield* this.#walk(path);
      else {
        const info = await this.stat(path.join("/"));
        if (info) yield info;
      }
    }
  }

  async deletePrefix(prefix: string): Promise<number> {
    parseBlobKey(prefix.replace(/\/$/, ""));
    let n = 0;
    for await (const blob of this.list(prefix)) if (await this.delete(blob.key)) n++;
    return n;
  }
}

/**
 * Opens a store in a folder of the local file system; the folder is made on the first put. Several processes may use the
 * same folder. Each put is written to a draft, synced, and given its name in one step.
 */
export function openFsBlobStore(root: string): BlobStore {
  return new FsBlobStore(root);
}

/** Removes drafts that a crash left behind: those older than `olderThan`. Returns how many. */
export async function sweepDrafts(root: string, olderThan: Date): Promise<number> {
  const folder = join(resolve(root), DRAFTS);
  let n = 0;
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info && info.mtime < olderThan) {
      await rm(path, { force: true });
      n++;
    }
  }
  return n;
}
