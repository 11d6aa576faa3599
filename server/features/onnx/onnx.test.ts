import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyEncoder } from "../test/tinyEncoder";
import { createOnnxFeaturizer } from "./createOnnxFeaturizer";
import { resolveModelFolder } from "./resolveModelFolder";

let outside: string;
let root: string;
beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), "winnow-onnx-"));
  root = join(outside, "models");
  mkdirSync(root);
});
afterAll(() => rmSync(outside, { recursive: true, force: true }));

async function vectorsOf(folder: string, texts: readonly string[], over: object = {}): Promise<number[][]> {
  const featurizer = await createOnnxFeaturizer({ folder, pooling: "mean", normalize: false, maxTokens: 16, ...over });
  const out = new Float32Array(texts.length * featurizer.dim);
  await featurizer.transform(
    texts.map((text, row) => ({ row, text })),
    out,
  );
  await featurizer.dispose?.();
  return texts.map((_, i) => [...out.subarray(i * featurizer.dim, (i + 1) * featurizer.dim)]);
}

const mean = (vectors: readonly number[][]) =>
  vectors[0].map((_, j) => vectors.reduce((sum, vector) => sum + vector[j], 0) / vectors.length);

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [j, value] of actual.entries()) expect(value).toBeCloseTo(expected[j], 5);
}

describe("createOnnxFeaturizer", () => {
  it("averages the vectors of a text's own tokens, padding aside", async () => {
    const folder = join(root, "mean");
    const encoder = writeTinyEncoder(folder, ["my", "card", "is", "lost"]);
    const texts = ["my card is lost", "Card", "my card my card my card", "zebra"];
    const expected = texts.map((text) =>
      mean(["[CLS]", ...text.toLowerCase().split(" "), "[SEP]"].map((token) => encoder.vectorOf(token))),
    );
    const vectors = await vectorsOf(folder, texts);
    vectors.forEach((vector, i) => {
      expectClose(vector, expected[i]);
    });
  });

  it("takes the first token's vector with cls pooling, and scales to length 1 when asked", async () => {
    const folder = join(root, "cls");
    const encoder = writeTinyEncoder(folder, ["a", "b"]);
    const [plain] = await vectorsOf(folder, ["a b"], { pooling: "cls" });
    expectClose(plain, encoder.vectorOf("[CLS]"));
    const [scaled] = await vectorsOf(folder, ["a b"], { normalize: true });
    expect(Math.hypot(...scaled)).toBeCloseTo(1, 5);
  });

  it("cuts long texts and keeps the closing token", async () => {
    const folder = join(root, "cut");
    const encoder = writeTinyEncoder(folder, ["a", "b"]);
    const [cut] = await vectorsOf(folder, ["a b a b a b a b"], { maxTokens: 4 });
    const expected = mean(["[CLS]", "a", "b", "[SEP]"].map((token) => encoder.vectorOf(token)));
    expectClose(cut, expected);
  });

  it("gives a text the same vector whatever it is batched with", async () => {
    const folder = join(root, "batch");
    writeTinyEncoder(folder, ["a", "b", "c"]);
    const many = Array.from({ length: 100 }, (_, i) => "a b c ".repeat(1 + (i % 5)).trim());
    const [alone] = await vectorsOf(folder, ["a b c"]);
    expect((await vectorsOf(folder, many))[50]).toEqual(alone);
  });

  it("says so when the file is no model", async () => {
    const folder = join(root, "broken");
    writeTinyEncoder(folder, ["a"]);
    writeFileSync(join(folder, "model.onnx"), "not a model");
    await expect(vectorsOf(folder, ["a"])).rejects.toMatchObject({ code: "E_PRECONDITION" });
  });
});

describe("resolveModelFolder", () => {
  it("finds a folder inside the instance's model folder", async () => {
    writeTinyEncoder(join(root, "group", "encoder"), ["a"]);
    expect(await resolveModelFolder(root, "group/encoder")).toMatch(/models\/group\/encoder$/);
  });

  it("never leads outside, by dots, absolute paths or links", async () => {
    writeTinyEncoder(join(outside, "secret"), ["a"]);
    symlinkSync(join(outside, "secret"), join(root, "link"));
    mkdirSync(join(root, "linked-file"));
    for (const name of ["model.onnx", "tokenizer.json"]) {
      symlinkSync(join(outside, "secret", name), join(root, "linked-file", name));
    }
    for (const path of ["../secret", "group/../../secret", "link", "..", ".", "linked-file"]) {
      await expect(resolveModelFolder(root, path), path).rejects.toMatchObject({
        code: expect.stringMatching(/^E_(FORBIDDEN|PRECONDITION)$/),
      });
    }
    // An absolute path is taken as one inside.
    await expect(resolveModelFolder(root, join(outside, "secret"))).rejects.toMatchObject({ code: "E_PRECONDITION" });
    await expect(resolveModelFolder(root, "a\0b")).rejects.toMatchObject({ code: "E_BAD_INPUT" });
  });

  it("names what is missing", async () => {
    mkdirSync(join(root, "empty"));
    await expect(resolveModelFolder(root, "empty")).rejects.toThrow(/has no model\.onnx/);
    await expect(resolveModelFolder(root, "nowhere")).rejects.toThrow(/no model folder "nowhere"/);
    await expect(resolveModelFolder(join(outside, "none"), "x")).rejects.toThrow(/does not exist/);
  });
});
