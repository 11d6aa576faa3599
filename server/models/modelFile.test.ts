import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readModelFile, writeModelFile } from "./modelFile";

const file = fc.record({
  trainerId: fc.string(),
  header: fc.jsonValue(),
  arrays: fc.array(fc.float32Array({ maxLength: 20 }), { maxLength: 4 }),
});

describe("model files", () => {
  it("read back what was written, bit for bit, from any offset", () => {
    fc.assert(
      fc.property(file, fc.nat(9), (written, offset) => {
        const bytes = writeModelFile(written);
        const shifted = new Uint8Array(bytes.length + offset);
        shifted.set(bytes, offset);
        const read = readModelFile(shifted.subarray(offset));
        expect(read.trainerId).toBe(written.trainerId);
        expect(JSON.stringify(read.header)).toBe(JSON.stringify(written.header));
        expect(read.arrays).toEqual(written.arrays);
      }),
      { seed: 1 },
    );
  });

  it("refuse any single changed byte, any cut, and foreign bytes, as a storage error", () => {
    const bytes = writeModelFile({ trainerId: "softmax", header: { a: 1 }, arrays: [Float32Array.of(1, 2, 3)] });
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] ^= 0x10;
      expect(() => readModelFile(changed)).toThrow(expect.objectContaining({ code: "E_STORAGE" }));
      expect(() => readModelFile(bytes.subarray(0, i))).toThrow(expect.objectContaining({ code: "E_STORAGE" }));
    }
    expect(() => readModelFile(new TextEncoder().encode("PK\u0003\u0004 not a model file"))).toThrow(/"WNWM"/);
  });
});
