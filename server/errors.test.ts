import { describe, expect, test } from "vitest";
import { AppError, assert, isAppError, toErrorRecord } from "./errors";

describe("AppError", () => {
  test("knows its status and whether a repetition can help", () => {
    expect(new AppError("E_TOO_LARGE", "m")).toMatchObject({ http: 413, isRetryable: false, details: {} });
    expect(new AppError("E_UNAVAILABLE", "m")).toMatchObject({ http: 503, isRetryable: true });
  });

  test("keeps its cause for the log and out of the record", () => {
    const error = new AppError("E_STORAGE", "disk", { details: { key: "k" }, cause: new Error("inner") });
    expect(error.cause).toBeInstanceOf(Error);
    expect(toErrorRecord(error)).toEqual({ code: "E_STORAGE", message: "disk", details: { key: "k" } });
  });
});

describe("toErrorRecord", () => {
  test.each([
    [new Error("odd"), "odd"],
    ["a string", "a string"],
    [null, "null"],
    [new Error(""), "unknown error"],
  ])("makes a record of anything thrown: %s", (thrown, message) => {
    expect(toErrorRecord(thrown)).toEqual({ code: "E_INTERNAL", message, details: {} });
  });
});

describe("assert", () => {
  test("throws what names the broken invariant", () => {
    assert(true, "never seen");
    try {
      assert(false, "rows are dense");
    } catch (error) {
      expect(isAppError(error) && error.message).toBe("invariant broken: rows are dense");
    }
    expect.assertions(1);
  });
});
