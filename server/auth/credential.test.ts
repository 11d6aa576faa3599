import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAppError } from "../errors";
import { hashToken, isApiKey, makeApiKey } from "./apiKey";
import { clientAddress } from "./clientAddress";
import { readCredential } from "./credential";
import { isSameOrigin } from "./isSameOrigin";
import { signSessionCookie } from "./signSessionCookie";

const rules = { sessionSecret: "s".repeat(32), publicUrl: "http://127.0.0.1:4300" };
const read = (headers: Record<string, string>) => readCredential(new Headers(headers), rules);

describe("reading a credential", () => {
  test("a signed cookie gives back its token, whatever the token and wherever it stands among others", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme-ascii" }), (token) => {
        const cookie = `theme=dark; ${signSessionCookie(token, rules)}; x=winnow.session_token=y`;
        expect(read({ cookie })).toEqual({ kind: "session", token });
      }),
    );
  });

  test("a signature does not fit another token or another secret", () => {
    fc.assert(
      fc.property(fc.base64String({ minLength: 4 }), fc.base64String({ minLength: 4 }), (token, other) => {
        fc.pre(token !== other);
        const signature = decodeURIComponent(signSessionCookie(token, rules)).split(".").at(-1);
        const cookie = `winnow.session_token=${encodeURIComponent(`${other}.${signature}`)}`;
        expect(read({ cookie })).toEqual({ kind: "anonymous" });
        const foreign = signSessionCookie(token, { ...rules, sessionSecret: "t".repeat(32) });
        expect(read({ cookie: foreign })).toEqual({ kind: "anonymous" });
      }),
    );
  });

  test("no header of any kind does more than be nobody or be refused with a reason", () => {
    const text = fc.string({ unit: "grapheme-ascii" }).map((s) => s.replace(/[^\x20-\x7e]/g, ""));
    fc.assert(
      fc.property(text, text, (cookie, authorization) => {
        try {
          expect(read({ cookie, authorization }).kind).toBe("key");
        } catch (error) {
          expect(isAppError(error) && error.code).toBe("E_UNAUTHENTICATED");
        }
        expect(read({ cookie: `winnow.session_token=${cookie}` })).toEqual({ kind: "anonymous" });
      }),
    );
  });

  test("a key has 256 random bits, its own prefix, and is known by its hash alone", () => {
    const keys = Array.from({ length: 100 }, makeApiKey);
    expect(new Set(keys.map((k) => k.key)).size).toBe(100);
    for (const { key, hash, prefix } of keys) {
      expect(isApiKey(key)).toBe(true);
      expect(Buffer.from(key.slice(4), "base64url")).toHaveLength(32);
      expect(key.startsWith(prefix)).toBe(true);
      expect(read({ authorization: `Bearer ${key}` })).toEqual({ kind: "key", keyHash: hash });
    }
    // SHA-256 of "abc", FIPS 180-4.
    expect(hashToken("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("the same origin", () => {
  test.each<[boolean, string, Record<string, string>]>([
    [true, "http://127.0.0.1:4300", { origin: "http://127.0.0.1:4300" }],
    [true, "http://127.0.0.1:4300", { origin: "http://localhost:4300", host: "localhost:4300" }],
    [true, "https://w.example", { "sec-fetch-site": "same-origin", origin: "https://other.example" }],
    [true, "https://w.example", { origin: "https://w.example" }],
    [false, "https://w.example", { origin: "http://w.example", host: "w.example" }],
    [false, "https://w.example", { origin: "https://w.example.evil.example", host: "w.example" }],
    [false, "https://w.example", { origin: "https://w.example:444", host: "w.example" }],
    [false, "https://w.example", { "sec-fetch-site": "none", origin: "https://w.example" }],
    [false, "https://w.example", { "sec-fetch-site": "same-site", origin: "https://w.example" }],
    [false, "https://w.example", { origin: "null" }],
    [false, "https://w.example", { origin: "" }],
    [false, "https://w.example", { referer: "https://w.example/" }],
    [false, "https://w.example", {}],
  ])("%s: an instance at %s asked with %o", (expected, publicUrl, headers) => {
    expect(isSameOrigin(new Headers(headers), publicUrl)).toBe(expected);
  });
});

describe("the caller's address", () => {
  test.each<[string, number, string]>([
    ["192.0.2.7", 0, "192.0.2.7"],
    ["192.0.2.7", 1, "192.0.2.7"],
    ["10.0.0.1, 192.0.2.7", 1, "192.0.2.7"],
    ["forged, 192.0.2.7, 10.0.0.2", 2, "192.0.2.7"],
    ["forged", 3, "forged"],
    ["", 1, "unknown"],
  ])("of %j behind %d proxies is %s", (header, proxies, expected) => {
    expect(clientAddress(new Headers({ "x-forwarded-for": header }), proxies)).toBe(expected);
  });
});
