import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { makeTempDir } from "@/test/harness/testContext";
import { parseEnv, readOrCreateSecret } from "./env";

describe("parseEnv", () => {
  test("fills in what a plain start needs", () => {
    const env = parseEnv({});
    expect(env).toMatchObject({
      port: 4300,
      host: "127.0.0.1",
      publicUrl: "http://127.0.0.1:4300",
      databaseUrl: undefined,
    });
    expect(env.dataDir).toBe(join(process.cwd(), ".winnow"));
  });

  test("takes an empty variable for one that is not set", () => {
    expect(parseEnv({ PORT: "", DATABASE_URL: "" })).toMatchObject({ port: 4300, databaseUrl: undefined });
  });

  test("names every wrong variable and what it must be", () => {
    const wrong = { PORT: "eighty", DATABASE_URL: "mysql://x", WINNOW_SECRET: "short" };
    expect(() => parseEnv(wrong)).toThrow(/PORT.*\n.*|DATABASE_URL.*postgres/s);
    expect(() => parseEnv(wrong)).toThrow(/WINNOW_SECRET: must have at least 32 characters/);
  });

  test.each([
    [{ HOST: "0.0.0.0" }, "http://localhost:4300"],
    [{ HOST: "::1", PORT: "80" }, "http://[::1]:80"],
    [{ WINNOW_URL: "https://label.example.org/" }, "https://label.example.org"],
  ])("shows %j as %s", (source, url) => {
    expect(parseEnv(source).publicUrl).toBe(url);
  });
});

describe("readOrCreateSecret", () => {
  const folders: { remove: () => void }[] = [];
  const makeFolder = (): string => {
    const folder = makeTempDir();
    folders.push(folder);
    return folder.path;
  };
  afterEach(() => {
    for (const folder of folders.splice(0)) folder.remove();
  });

  test("makes 256 bits once, for the owner's eyes only, and returns them ever after", () => {
    const dir = makeFolder();
    const secret = readOrCreateSecret(dir);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(readOrCreateSecret(dir)).toBe(secret);
    expect(statSync(join(dir, "secret.key")).mode & 0o777).toBe(0o600);
    expect(readOrCreateSecret(makeFolder())).not.toBe(secret);
  });

  test("closes a file that others could read", () => {
    const dir = makeFolder();
    readOrCreateSecret(dir);
    chmodSync(join(dir, "secret.key"), 0o644);
    readOrCreateSecret(dir);
    expect(statSync(join(dir, "secret.key")).mode & 0o777).toBe(0o600);
  });

  test("refuses a damaged file instead of making a new secret that signs everyone out", () => {
    const dir = makeFolder();
    writeFileSync(join(dir, "secret.key"), "abc");
    expect(() => readOrCreateSecret(dir)).toThrow(/damaged/);
    expect(readFileSync(join(dir, "secret.key"), "utf8")).toBe("abc");
  });
});
