import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { isAppError } from "@/server/errors";
import { openFile } from "./openFile";

const MIB = 1024 * 1024;

async function* inChunks(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, limits = {}, size?: number) {
  const file = await openFile(inChunks(bytes, size), limits);
  const parts: Uint8Array[] = [];
  for await (const chunk of file.chunks) parts.push(chunk);
  return { isGzip: file.isGzip, bytes: Buffer.concat(parts), bytesRead: file.bytesRead() };
}

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!isAppError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

describe("openFile", () => {
  const text = Buffer.from("line of text\n".repeat(10_000));

  test("passes plain bytes on and counts them", async () => {
    expect(await readAll(text)).toEqual({ isGzip: false, bytes: text, bytesRead: text.length });
    expect((await readAll(Buffer.alloc(0))).bytes).toHaveLength(0);
    expect((await readAll(Buffer.from("x"), {}, 1)).bytes.toString()).toBe("x");
  });

  test("decompresses gzip, also of several members and in chunks of one byte", async () => {
    const zipped = Buffer.concat([gzipSync(text), gzipSync(Buffer.from("more"))]);
    const read = await readAll(zipped, {}, 1);
    expect(read.isGzip).toBe(true);
    expect(read.bytes.equals(Buffer.concat([text, Buffer.from("more")]))).toBe(true);
    expect(read.bytes.equals(gunzipSync(zipped))).toBe(true);
    expect(read.bytesRead).toBe(zipped.length);
  });

  test("refuses a file that was cut off or damaged, saying how far it was good", async () => {
    const zipped = gzipSync(Buffer.from(Array.from({ length: 20_000 }, (_, i) => `row ${i * 7919}`).join("\n")));
    const cut = await refusal(readAll(zipped.subarray(0, zipped.length >> 1)));
    expect(cut.code).toBe("E_BAD_INPUT");
    expect(cut.message).toContain("ends too early");
    const damaged = Buffer.from(zipped);
    damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 50);
    expect((await refusal(readAll(damaged))).message).toContain("damaged");
  });

  test("refuses a decompression bomb long before it is unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MIB), { level: 9 });
    const file = await openFile(inChunks(bomb));
    let produced = 0;
    const error = await refusal(
      (async () => {
        for await (const chunk of file.chunks) produced += chunk.length;
      })(),
    );
    expect(error.code).toBe("E_TOO_LARGE");
    expect(error.message).toContain("bomb");
    expect(produced).toBeLessThanOrEqual(65 * MIB);
  });

  test("takes short files that compress very well, and refuses what is too large in all", async () => {
    const zeros = gzipSync(Buffer.alloc(10 * MIB, "a"));
    expect((await readAll(zeros)).bytes).toHaveLength(10 * MIB);
    expect((await refusal(readAll(zeros, { inflatedBytesMax: 5 * MIB }))).message).toContain("more than the");
  });

  test("closes its source when the reader stops early", async () => {
    let isClosed = false;
    async function* source() {
      try {
        const zipped = gzipSync(Buffer.alloc(5 * MIB, "a"));
        yield zipped;
        yield zipped;
      } finally {
        isClosed = true;
      }
    }
    const file = await openFile(source());
    for await (const chunk of file.chunks) if (chunk.length > 0) break;
    await new Promise((done) => setTimeout(done, 20));
    expect(isClosed).toBe(true);
  });

  test("passes the source's own failure on as it is", async () => {
    async function* failing() {
      yield gzipSync(text).subarray(0, 30);
      throw new Error("disk gone");
    }
    const file = await openFile(failing());
    await expect(
      (async () => {
        for await (const _ of file.chunks);
      })(),
    ).rejects.toThrow("disk gone");
  });
});
