/**
 * Where bytes live that are not rows: raw uploads, feature and probability shards, model parameters, manifests.
 *
 * A key is a path of 1 … 12 segments of letters, digits, `.`, `_`, `-`, `=`, joined by `/`; no segment starts with a dot.
 * Two kinds of keys exist. A *content key* (`sha256/ab/<64 hex>`) is made by `putContent` and names exactly those bytes.
 * A *named key* is chosen by the caller and should name immutable bytes too (project, kind, version); putting again
 * replaces the old bytes in one step, so that a repeated job changes nothing.
 */

export type BlobKey = string;

/** Bytes at hand, or a stream of them (Node and web streams are both async iterables). */
export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

export interface BlobStat {
  key: BlobKey;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
}

export interface PutOptions {
  /** Refuse (E_TOO_LARGE) and keep nothing when more bytes than this arrive. */
  sizeMax?: number;
  /** Refuse (E_STORAGE) and keep nothing unless the bytes have this SHA-256 (64 lower-case hex digits). */
  sha256?: string;
  /** Aborts the writing; nothing is kept. */
  signal?: AbortSignal;
}

export interface PutResult {
  key: BlobKey;
  size: number;
  /** 64 lower-case hex digits. */
  sha256: string;
}

export interface ReadStreamOptions {
  /** First byte, default 0. */
  start?: number;
  /** Number of bytes, default all that follow. */
  length?: number;
  signal?: AbortSignal;
}

/** One blob held open for many ranged reads. */
export interface BlobReader {
  readonly size: number;
  /**
   * Fills `into` with the bytes from `offset` on.
   * @throws E_STORAGE when the blob ends before `into` is full.
   */
  read(offset: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** How another process opens the same store; plain data that travels over messages. */
export type StorageAddress = { readonly kind: "fs"; readonly root: string };

export interface BlobStore {
  readonly address: StorageAddress;
  /** Stores under the key that the content gives. Storing the same bytes again is harmless. */
  putContent(source: BlobSource, options?: PutOptions): Promise<PutResult>;
  /** Stores under a chosen key. Readers see the old bytes or the new ones, never a mixture, also after a crash. */
  put(key: BlobKey, source: BlobSource, options?: PutOptions): Promise<PutResult>;
  /**
   * The whole blob, in an ArrayBuffer of its own (byteOffset 0), so that typed arrays can be laid over it. The bytes of a
   * content key are checked against it.
   * @throws E_NOT_FOUND, or E_STORAGE when the bytes are not what the key says.
   */
  get(key: BlobKey): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes as a stream of chunks in bounded memory; not checked against a content key. @throws E_NOT_FOUND. */
  stream(key: BlobKey, options?: ReadStreamOptions): AsyncIterable<Uint8Array>;
  /**
   * Fills `into` with the bytes from `offset` on, without memory of its own.
   * @throws E_NOT_FOUND, or E_STORAGE when the blob ends before `into` is full.
   */
  readRange(key: BlobKey, offset: number, into: Uint8Array): Promise<void>;
  /** Opens a blob for many reads; close it. A later put or delete does not disturb it. @throws E_NOT_FOUND. */
  open(key: BlobKey): Promise<BlobReader>;
  /** Undefined when there is no such blob. */
  stat(key: BlobKey): Promise<BlobStat | undefined>;
  /** True when something was there. */
  delete(key: BlobKey): Promise<boolean>;
  /** Blobs whose key starts with `prefix` (whole segments: "a/b" does not list "a/bc"), in the order of their keys. */
  list(prefix: string): AsyncIterable<BlobStat>;
  /** Removes everything under a prefix (whole segments); returns how many blobs. Refuses the empty prefix. */
  deletePrefix(prefix: string): Promise<number>;
}
