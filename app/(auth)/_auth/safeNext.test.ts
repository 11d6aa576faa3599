import { describe, expect, it } from "vitest";
import { safeNext } from "./safeNext";

describe("safeNext", () => {
  it.each(["/", "/p/spam/label", "/join?token=abc", "/p/a?x=//b"])("lets the path %s through", (path) => {
    expect(safeNext(path)).toBe(path);
  });
  it.each([
    undefined,
    "",
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/a\nb",
    ["/a", "/b"],
  ])("goes home instead of to %j", (value) => {
    expect(safeNext(value)).toBe("/");
  });
});
