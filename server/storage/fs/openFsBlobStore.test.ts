import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { describeBlobStore } from "@/test/harness/blobStoreContract";
import { makeTempDir } from "@/test/harness/testContext";
import { openFsBlobStore, sweepDrafts } from "./openFsBlobStore";

describeBlobStore("the file system store", async () => {
  const folder = makeTempDir();
  return { store: openFsBlobStore(join(folder.path, "blobs")), close: folder.remove };
});

describe("the file system store", () => {
  const folder = makeTempDir();
  afterAll(folder.remove);
  const root = join(folder.path, "blobs");
  const store = openFsBlobStore(root);
  const bytes = new TextEncoder().encode("some bytes");

  test("leaves no draft behind, whether a put succeeds or fails", async () => {
    await store.put("a/b", bytes);
    await store.put("a/c", bytes, { sizeMax: 2 }).catch(() => undefined);
    expect(readdirSync(join(root, ".drafts"))).toEqual([]);
  });

  test("keeps its files to its own account", async () => {
    await store.put("private/file", bytes);
    expect(statSync(join(root, "private", "file")).mode & 0o077).toBe(0);
  });

  test("finds damage to a blob under a content key when it is read whole", async () => {
    const { key } = await store.putContent(bytes);
    const path = join(root, key);
    const damaged = readFileSync(path);
    damaged[0] ^= 1;
    writeFileSync(path, damaged);
    await expect(store.get(key)).rejects.toMatchObject({ code: "E_STORAGE" });
  });

  test("does not follow a link that someone laid in the place of a blob", async () => {
    writeFileSync(join(folder.path, "outside"), "secret");
    mkdirSync(join(root, "links"), { recursive: true });
    symlinkSync(join(folder.path, "outside"), join(root, "links", "out"));
    await expect(store.get("links/out")).rejects.toMatchObject({ code: "E_STORAGE" });
  });

  test("removes folders that a delete emptied, and no others", async () => {
    await store.put("deep/er/one", bytes);
    await store.put("deep/two", bytes);
    await store.delete("deep/er/one");
    expect(existsSync(join(root, "deep", "er"))).toBe(false);
    expect(existsSync(join(root, "deep"))).toBe(true);
  });

  test("says what is wrong when the disk refuses", async () => {
    writeFileSync(join(folder.path, "file"), "in the way");
    const blocked = openFsBlobStore(join(folder.path, "file"));
    await expect(blocked.put("a/b", bytes)).rejects.toMatchObject({ code: "E_STORAGE" });
  });

  test("sweeps drafts that a crash left, but not those being written", async () => {
    writeFileSync(join(root, ".drafts", "old"), "x");
    writeFileSync(join(root, ".drafts", "new"), "x");
    utimesSync(join(root, ".drafts", "old"), new Date("2026-01-01"), new Date("2026-01-01"));
    expect(await sweepDrafts(root, new Date("2026-01-02"))).toBe(1);
    expect(readdirSync(join(root, ".drafts"))).toEqual(["new"]);
    expect(await sweepDrafts(join(folder.path, "never-used"), new Date())).toBe(0);
  });
});
