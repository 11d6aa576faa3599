import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BlobStat, BlobStore } from "@/server/storage";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function listKeys(blobs: AsyncIterable<BlobStat>): Promise<string[]> {
  const keys: string[] = [];
  for await (const blob of blobs) keys.push(blob.key);
  return keys;
}

async function* pieces(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield text(part);
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield text("the beginning");
  throw new Error("the sender hung up");
}

/** What every blob store does, whatever it stands on. `open` makes an empty store; `close` removes it. */
export function describeBlobStore(name: string, open: () => Promise<{ store: BlobStore; close: () => void }>): void {
  describe(`${name} keeps the contract of a blob store:`, () => {
    let store: BlobStore;
    let close: () => void;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close());

    describe("content keys", () => {
      test("name the bytes, and the same bytes once", async () => {
        const bytes = text("the same bytes");
        const first = await store.putContent(bytes);
        const second = await store.putContent(pieces("the same", " bytes"));
        expect(first).toEqual({
          key: `sha256/${sha256(bytes).slice(0, 2)}/${sha256(bytes)}`,
          size: 14,
          sha256: sha256(bytes),
        });
        expect(second).toEqual(first);
        expect(await store.get(first.key)).toEqual(bytes);
      });

      test("cannot be given other bytes", async () => {
        const { key } = await store.putContent(text("honest"));
        await expect(store.put(key, text("forged"))).rejects.toMatchObject({ code: "E_STORAGE" });
        expect(await store.get(key)).toEqual(text("honest"));
      });
    });

    describe("put", () => {
      test("replaces what stood under the key", async () => {
        await store.put("replace/me", text("old"));
        await store.put("replace/me", text("new and longer"));
        expect(await store.get("replace/me")).toEqual(text("new and longer"));
      });

      test("keeps an empty blob", async () => {
        await store.put("empty/blob", new Uint8Array(0));
        expect(await store.get("empty/blob")).toEqual(new Uint8Array(0));
        expect((await store.stat("empty/blob"))?.size).toBe(0);
      });

      test("keeps nothing, and what was there stays, when the source fails half-way", async () => {
        await store.put("half/way", text("before"));
        await expect(store.put("half/way", failing())).rejects.toThrow("the sender hung up");
        expect(await store.get("half/way")).toEqual(text("before"));
        await expect(store.putContent(failing())).rejects.toThrow("the sender hung up");
      });

      test("refuses more bytes than allowed, and keeps nothing", async () => {
        const promise = store.put("too/large", pieces("12345", "67890"), { sizeMax: 9 });
        await expect(promise).rejects.toMatchObject({ code: "E_TOO_LARGE" });
        expect(await store.stat("too/large")).toBeUndefined();
        expect(await store.put("just/right", pieces("12345", "6789"), { sizeMax: 9 })).toMatchObject({ size: 9 });
      });

      test("refuses bytes that are not what was announced, and keeps nothing", async () => {
        const promise = store.put("wrong/hash", text("damaged on the way"), { sha256: sha256(text("as sent")) });
        await expect(promise).rejects.toMatchObject({ code: "E_STORAGE" });
        expect(await store.stat("wrong/hash")).toBeUndefined();
      });

      test("stops when it is aborted, and keeps nothing", async () => {
        const abort = new AbortController();
        async function* endless(): AsyncGenerator<Uint8Array> {
          for (let n = 0; ; n++) {
            if (n === 3) abort.abort(new Error("no longer wanted"));
            yield text("again and ");
          }
        }
        await expect(store.put("never/ends", endless(), { signal: abort.signal })).rejects.toThrow("no longer wanted");
        expect(await store.stat("never/ends")).toBeUndefined();
      });

      test("from many callers at once leaves one of the versions, whole", async () => {
        const versions = Array.from({ length: 20 }, (_, n) => `version ${n} `.repeat(2_000));
        await Promise.all(versions.map((version) => store.put("raced/for", text(version))));
        expect(versions).toContain(new TextDecoder().decode(await store.get("raced/for")));
      });
    });

    describe("reading", () => {
      test("gives bytes over which typed arrays can be laid", async () => {
        const values = Float32Array.from({ length: 1_000 }, (_, i) => i / 3);
        await store.put("arrays/shard-0", new Uint8Array(values.buffer));
        const bytes = await store.get("arrays/shard-0");
        expect(bytes.byteOffset).toBe(0);
        expect(bytes.buffer.byteLength).toBe(4_000);
        expect(new Float32Array(bytes.buffer)).toEqual(values);
      });

      test("any range equals that slice of the whole, by range, reader and stream", async () => {
        const whole = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
        await store.put("ranges/whole", whole);
        const reader = await store.open("ranges/whole");
        expect(reader.size).toBe(whole.length);
        const range = fc.tuple(fc.nat(whole.length), fc.nat(20_000));
        await fc.assert(
          fc.asyncProperty(range, async ([offset, wanted]) => {
            const length = Math.min(wanted, whole.length - offset);
            const expected = whole.subarray(offset, offset + length);
            const byRange = new Uint8Array(length);
            await store.readRange("ranges/whole", offset, byRange);
            const byReader = new Uint8Array(length);
            await reader.read(offset, byReader);
            const byStream = await collect(store.stream("ranges/whole", { start: offset, length }));
            for (const got of [byRange, byReader, byStream]) expect(Buffer.compare(got, expected)).toBe(0);
          }),
          { seed: 20260101, numRuns: 60 },
        );
        await reader.close();
      });

      test("a range past the end is an error, not zeroes", async () => {
        await store.put("ranges/short", text("0123456789"));
        await expect(store.readRange("ranges/short", 5, new Uint8Array(6))).rejects.toMatchObject({
          code: "E_STORAGE",
        });
        const reader = await store.open("ranges/short");
        await expect(reader.read(10, new Uint8Array(1))).rejects.toMatchObject({ code: "E_STORAGE" });
        await reader.close();
      });

      test("an open reader goes on reading the bytes it was opened on", async () => {
        await store.put("readers/one", text("first"));
        const reader = await store.open("readers/one");
        await store.put("readers/one", text("other"));
        await store.delete("readers/one");
        const bytes = new Uint8Array(5);
        await reader.read(0, bytes);
        expect(bytes).toEqual(text("first"));
        await reader.close();
      });

      test("what is not there is E_NOT_FOUND, or undefined for stat", async () => {
        await expect(store.get("no/such")).rejects.toMatchObject({ code: "E_NOT_FOUND" });
        await expect(store.open("no/such")).rejects.toMatchObject({ code: "E_NOT_FOUND" });
        await expect(store.readRange("no/such", 0, new Uint8Array(1))).rejects.toMatchObject({ code: "E_NOT_FOUND" });
        await expect(collect(store.stream("no/such"))).rejects.toMatchObject({ code: "E_NOT_FOUND" });
        expect(await store.stat("no/such")).toBeUndefined();
        expect(await store.delete("no/such")).toBe(false);
      });

      test("a prefix of keys is not a blob", async () => {
        await store.put("folder/blob", text("x"));
        await expect(store.get("folder")).rejects.toMatchObject({ code: "E_NOT_FOUND" });
        expect(await store.stat("folder")).toBeUndefined();
        expect(await store.delete("folder")).toBe(false);
      });
    });

    describe("list and deletePrefix", () => {
      test("list whole segments in the order of the keys, with sizes", async () => {
        const keys = ["p/1/a", "p/1/b-2", "p/1/b/c", "p/1/b0", "p/10/a", "p/2"];
        for (const key of keys) await store.put(key, text(key));
        expect(await listKeys(store.list("p"))).toEqual([...keys].sort());
        expect(await listKeys(store.list("p/1"))).toEqual(["p/1/a", "p/1/b-2", "p/1/b/c", "p/1/b0"]);
        expect(await listKeys(store.list("p/2"))).toEqual(["p/2"]);
        expect(await listKeys(store.list("p/9"))).toEqual([]);
        for await (const blob of store.list("p/1")) expect(blob.size).toBe(blob.key.length);
      });

      test("delete everything under a prefix and nothing beside it", async () => {
        for (const key of ["d/1/a", "d/1/b/c", "d/12/a"]) await store.put(key, text("x"));
        expect(await store.deletePrefix("d/1")).toBe(2);
        expect(await listKeys(store.list("d"))).toEqual(["d/12/a"]);
        await expect(store.deletePrefix("")).rejects.toMatchObject({ code: "E_BAD_INPUT" });
      });
    });

    describe("keys", () => {
      const BAD = [
        "",
        "/",
        "a//b",
        "/a",
        "a/",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        ".hidden",
        "a/.hidden",
        "a\\b",
        "a/b\0",
        "a b",
        "C:/x",
        "a/\u2028",
        "ä",
        "%2e%2e/a",
        "a\n",
        `${"a".repeat(201)}`,
        Array(13).fill("a").join("/"),
      ];
      test.each(BAD)("%j is refused by every call", async (key) => {
        const refused = { code: "E_BAD_INPUT" };
        await expect(store.put(key, text("x"))).rejects.toMatchObject(refused);
        await expect(store.get(key)).rejects.toMatchObject(refused);
        await expect(store.stat(key)).rejects.toMatchObject(refused);
        await expect(store.delete(key)).rejects.toMatchObject(refused);
        await expect(store.open(key)).rejects.toMatchObject(refused);
        await expect(collect(store.stream(key))).rejects.toMatchObject(refused);
      });

      test("no text, however made, reaches outside", async () => {
        const hostile = fc.array(fc.constantFrom("..", ".", "/", "\\", "a", "%", "\0", "~", " ", ":"), {
          maxLength: 12,
        });
        await fc.assert(
          fc.asyncProperty(hostile, async (parts) => {
            const key = parts.join("");
            try {
              await store.put(key, text("x"));
            } catch (error) {
              expect((error as { code: string }).code).toMatch(/^E_(BAD_INPUT|STORAGE)$/);
              return;
            }
            expect(await listKeys(store.list(""))).toContain(key);
            await store.delete(key);
          }),
          { seed: 20260101, numRuns: 200 },
        );
      });
    });
  });
}
