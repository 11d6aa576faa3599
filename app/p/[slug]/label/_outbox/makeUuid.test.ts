import { describe, expect, it } from "vitest";
import { z } from "zod";
import { makeUuid } from "./makeUuid";

describe("makeUuid", () => {
  it("makes distinct UUIDs of version 4", () => {
    const made = Array.from({ length: 200 }, makeUuid);
    expect(new Set(made).size).toBe(200);
    for (const id of made) expect(z.uuidv4().safeParse(id).success).toBe(true);
  });
});
