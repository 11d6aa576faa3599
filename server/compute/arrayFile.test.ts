import { describe, expect, it } from "vitest";
import { decodeArrayFile, encodeArrayFile } from "./arrayFile";

const arrays = {
  weights: Float32Array.of(1.5, -2, 3),
  rows: Int32Array.of(7, -1),
  bits: Uint32Array.of(0xffffffff),
  classes: Uint16Array.of(1, 2, 3),
  empty: new Float64Array(0),
  bytes: Uint8Array.of(9),
};

describe("an array file", () => {
  it("gives back what was written, in place", () => {
    const bytes = encodeArrayFile({ kind: "test", n: 3 }, arrays);
    const file = decodeArrayFile(bytes, "f");
    expect(file.meta).toEqual({ kind: "test", n: 3 });
    expect(file.f32("weights")).toEqual(arrays.weights);
    expect(file.i32("rows")).toEqual(arrays.rows);
    expect(file.u32("bits")).toEqual(arrays.bits);
    expect(file.u16("classes")).toEqual(arrays.classes);
    expect(file.f64("empty")).toEqual(arrays.empty);
    expect(file.u8("bytes")).toEqual(arrays.bytes);
    expect(file.f32("weights").buffer).toBe(bytes.buffer);
  });

  it("has the same bytes for the same content, and parts of larger arrays are written as they are", () => {
    const large = Float32Array.of(0, 1.5, -2, 3, 0);
    const bytes = encodeArrayFile({}, { weights: large.subarray(1, 4) });
    expect(bytes).toEqual(encodeArrayFile({}, { weights: arrays.weights }));
  });

  it("names what is damaged", () => {
    const bytes = encodeArrayFile({}, arrays);
    expect(() => decodeArrayFile(bytes.slice(0, 5), "f")).toThrow(/5 bytes/);
    expect(() =>
      decodeArrayFile(
        Uint8Array.from(bytes, (b, i) => (i === 0 ? 0 : b)),
        "f",
      ),
    ).toThrow(/first bytes/);
    expect(() => decodeArrayFile(bytes.slice(0, 40), "f")).toThrow(/inside its header/);
    const cut = decodeArrayFile(bytes.slice(0, -1), "f");
    expect(() => cut.u8("bytes")).toThrow(/cut off/);
    expect(() => decodeArrayFile(bytes, "f").f32("rows")).toThrow(/no f32 array "rows"/);
    expect(() => decodeArrayFile(bytes, "f").f32("none")).toThrow(/no f32 array "none"/);
  });
});
