import { describe, expect, it } from "vitest";
import { adviceFor, readWireError } from "./readWireError";

describe("readWireError", () => {
  it("finds the server's error in what tRPC throws", () => {
    const wire = { code: "E_LEASE", message: "the lease is unknown", retryable: false };
    const thrown = Object.assign(new Error("x"), { data: { winnow: wire } });
    expect(readWireError(thrown)).toEqual(wire);
  });

  it("calls a failed fetch a network error that can be retried", () => {
    expect(readWireError(new TypeError("Failed to fetch"))).toMatchObject({ code: "E_UNAVAILABLE", retryable: true });
    const wrapped = new Error("outer", { cause: new TypeError("Failed to fetch") });
    expect(readWireError(wrapped)).toMatchObject({ code: "E_UNAVAILABLE", retryable: true });
  });

  it("takes an answer that is not JSON for no answer", () => {
    const wrapped = new Error("Unexpected token <", { cause: new SyntaxError("Unexpected token <") });
    expect(readWireError(wrapped).code).toBe("E_UNAVAILABLE");
  });

  it("does not take a foreign object with a code for ours", () => {
    expect(readWireError({ code: "ENOENT", message: "no such file" }).code).toBe("E_INTERNAL");
  });

  it("says what to do about a refusal", () => {
    expect(adviceFor({ code: "E_FORBIDDEN", message: "no", retryable: false })).toContain("Ask a lead");
    expect(adviceFor({ code: "E_BAD_INPUT", message: "no", retryable: false })).toBeNull();
  });
});
