import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ManifestArray, RoundManifest } from "@/contracts/manifest";
import { roundManifest } from "@/contracts/manifest";
import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, KeyedRandom, listPicks, runSpec } from "@/strategies";
import { createReferenceKernels } from "@/strategies/kernels";
import { npyClasses, npyMatrix, npyVector } from "./npy/npyValues";
import { openNpy } from "./npy/openNpy";
import { replayRound } from "./replay/replayRound";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "winnow-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Values = Float32Array | Float64Array | Int8Array | Int32Array | BigInt64Array | Uint8Array;

/** A .npy file as NumPy writes it. */
function npy(
  name: string,
  values: Values,
  shape: number[],
  header: { version?: number; descr?: string; order?: string } = {},
) {
  const descr =
    header.descr ??
    (values instanceof Float32Array
      ? "<f4"
      : values instanceof Float64Array
        ? "<f8"
        : values instanceof Int8Array
          ? "|i1"
          : values instanceof Int32Array
            ? "<i4"
            : values instanceof BigInt64Array
              ? "<i8"
              : "|u1");
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${descr}', 'fortran_order': ${header.order ?? "False"}, 'shape': (${sizes}), }`;
  const version = header.version ?? 1;
  const start = version === 1 ? 10 : 12;
  const text = `${dict}${" ".repeat(63 - ((start + dict.length) % 64))}\n`;
  const bytes = Buffer.alloc(start + text.length + values.byteLength);
  bytes.write("\x93NUMPY", 0, "latin1");
  bytes[6] = version;
  if (version === 1) bytes.writeUInt16LE(text.length, 8);
  else bytes.writeUInt32LE(text.length, 8);
  bytes.write(text, start, "latin1");
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).copy(bytes, start + text.length);
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function winnow(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "bin/winnow.ts", ...args], {
      cwd: ROOT,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe("openNpy", () => {
  test.each([1, 2])("reads version %i of every supported type with the values it was given", (version) => {
    const numbers = [1, -2, 3, 100, 5, 6];
    const files: [string, Values][] = [
      ["f4", Float32Array.from(numbers)],
      ["f8", Float64Array.from(numbers)],
      ["i1", Int8Array.from(numbers)],
      ["i4", Int32Array.from(numbers)],
      ["i8", BigInt64Array.from(numbers.map(BigInt))],
      ["u1", Uint8Array.from(numbers.map(Math.abs))],
    ];
    for (const [dtype, values] of files) {
      const file = openNpy(npy(`${dtype}-${version}.npy`, values, [3, 2], { version }));
      expect(file).toMatchObject({ dtype, shape: [3, 2] });
      const matrix = npyMatrix(file, "--pool");
      const expected = dtype === "u1" ? numbers.map(Math.abs) : numbers;
      expect([...(matrix.view(0, 3) as Float32Array)]).toEqual(expected);
      expect([...(matrix.view(1, 2) as Float32Array)]).toEqual(expected.slice(2, 4));
      expect(matrix.dtype).toBe(["f4", "i1", "u1"].includes(dtype) ? "f32" : "f64");
      file.close();
    }
  });

  test("reads labels of every integer type, and refuses what is no class number", () => {
    for (const labels of [Int32Array.of(0, 2, 1), BigInt64Array.of(0n, 2n, 1n), Float64Array.of(0, 2, 1)]) {
      expect([...npyClasses(openNpy(npy("y.npy", labels, [3])), "--train-labels")]).toEqual([0, 2, 1]);
    }
    const bad = openNpy(npy("bad.npy", Float32Array.of(0, 1.5), [2]));
    expect(() => npyClasses(bad, "--train-labels")).toThrow(/entry 1 of .*bad.npy is 1.5/);
    expect(() => npyVector(openNpy(npy("m.npy", Float32Array.of(1, 2, 3, 4), [2, 2])), "--head-bias")).toThrow(
      /shape \(2, 2\)/,
    );
  });

  test.each<[string, Parameters<typeof npy>[3] | Buffer, RegExp]>([
    ["a big-endian array", { descr: ">f4" }, /big-endian \(>f4\)/],
    ["float16", { descr: "<f2" }, /dtype <f2; f4, f8, i1, i4, i8 and u1/],
    ["booleans", { descr: "|b1" }, /dtype \|b1/],
    ["unsigned 64-bit", { descr: "<u8" }, /dtype <u8/],
    ["objects", { descr: "|O" }, /dtype \|O/],
    ["Fortran order", { order: "True" }, /Fortran order/],
    ["version 3", { version: 3 }, /version 3\.0; 1 and 2/],
    ["a text file", Buffer.from("a,b\n1,2\n3,4\n5,6"), /no .npy file/],
    ["an empty file", Buffer.alloc(0), /no .npy file/],
    ["a truncated file", readAndCut(), /bytes of data; shape \(3, 2\) needs 24/],
  ])("refuses %s by name", (name, header, message) => {
    const path = join(folder, `refused ${name}.npy`);
    if (Buffer.isBuffer(header)) writeFileSync(path, header);
    else npy(`refused ${name}.npy`, Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2], header);
    expect(() => openNpy(path)).toThrow(message);
  });

  test("refuses a third dimension and a missing file", () => {
    expect(() => openNpy(npy("3d.npy", new Float32Array(8), [2, 2, 2]))).toThrow(/3 dimensions/);
    expect(() => openNpy(join(folder, "nowhere.npy"))).toThrow(/nowhere.npy cannot be opened/);
  });
});

function readAndCut(): Buffer {
  const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
  const bytes = Buffer.alloc(10 + dict.length + 20);
  bytes.write("\x93NUMPY\x01\x00", 0, "latin1");
  bytes.writeUInt16LE(dict.length, 8);
  bytes.write(dict, 10, "latin1");
  return bytes;
}

describe("winnow select", () => {
  const n = 200;
  const random = new KeyedRandom("cli", "data");
  const probabilities = new Float64Array(3 * n);
  const features = new Float32Array(4 * n);
  for (let row = 0; row < n; row++) {
    const raw = [0, 1, 2].map((c) => Math.exp(3 * random.uniform(row, c)));
    const sum = raw[0] + raw[1] + raw[2];
    raw.forEach((value, c) => {
      probabilities[3 * row + c] = value / sum;
    });
    for (let j = 0; j < 4; j++) features[4 * row + j] = random.uniform(row, 10 + j);
  }
  const margins = Array.from({ length: n }, (_, row) => {
    const [a, b] = [...probabilities.subarray(3 * row, 3 * row + 3)].sort((x, y) => y - x);
    return a - b;
  });

  test("prints one JSON object with the rows in pick order and the method's own score", async () => {
    const file = npy("P.npy", probabilities, [n, 3]);
    const { code, stdout, stderr } = await winnow(
      "select",
      "--strategy",
      "margin",
      "--batch",
      "10",
      "--seed",
      "1",
      "--probabilities",
      file,
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    const expected = margins
      .map((_, row) => row)
      .sort((a, b) => margins[a] - margins[b])
      .slice(0, 10);
    expect(result.rows).toEqual(expected);
    expect(result.scores).toEqual(expected.map((row) => margins[row]));
    expect(result.utility).toEqual(expected.map((row) => 1 - margins[row]));
    expect(result.inclusion).toEqual(new Array(10).fill(null));
    expect(result).toMatchObject({ status: "ok", seed: "1", notices: [], kernels: "wasm", threads: 1 });
    expect(result.reasons[0][0]).toMatchObject({ code: "uncertain", measure: "margin", percentile: 1 });
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.seconds).toBeLessThan(5);
    expect(result.peakRssMiB).toBeGreaterThan(20);
    expect(result.specHash).toMatch(/^[0-9a-f]{32}$/);
  });

  test("keeps clear of labelled rows, writes to a file and runs composed specs", async () => {
    const pool = npy("X.npy", features, [n, 4]);
    const train = npy("XL.npy", features.slice(0, 40), [10, 4]);
    const labels = npy(
      "yL.npy",
      Int32Array.from({ length: 10 }, (_, i) => i % 3),
      [10],
    );
    const out = join(folder, "picks.json");
    const base = ["--batch", "20", "--seed", "s", "--pool", pool, "--train", train, "--train-labels", labels];
    const first = await winnow("select", "--strategy", "k-center-greedy", ...base, "--out", out);
    expect(first).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const picks = JSON.parse(readFileSync(out, "utf8"));
    // The first ten pool rows coincide with labelled ones: nothing is nearer.
    expect(picks.rows.filter((row: number) => row < 10)).toEqual([]);
    expect(picks.scores[0]).toBeGreaterThan(picks.scores[19]);

    const spec = join(folder, "spec.json");
    const margin = { op: "single", use: "margin" };
    const schedule = {
      op: "schedule",
      until: { minLabels: 5, minPerClass: 2 },
      before: { op: "single", use: "random" },
      after: margin,
    };
    const audited = { op: "mix", parts: [{ share: 1, of: schedule }], audit: { share: 0.2, frameShare: 0.5 } };
    writeFileSync(spec, JSON.stringify(audited));
    const file = npy("P.npy", probabilities, [n, 3]);
    const mixed = await winnow("select", "--spec", spec, ...base, "--probabilities", file, "--frame-seed", "f");
    const result = JSON.parse(mixed.stdout);
    expect(result.purpose.filter((purpose: string) => purpose === "audit").length).toBe(4);
    expect(new Set(result.strategy)).toEqual(new Set(["margin", "random"]));
    expect(result.spec).toMatchObject({ op: "mix", audit: { share: 0.2 } });
  });

  test("answers wrong use with one line and code 2, a failure with code 1", async () => {
    const file = npy("P.npy", probabilities, [n, 3]);
    const logits = npy("logits.npy", Float32Array.of(3, -1, 0, 2), [2, 2]);
    const base = ["select", "--batch", "3", "--seed", "1"];
    const wrong: [string[], RegExp][] = [
      [["select", "--strategy", "margin", "--seed", "1", "--probabilities", file], /required option '--batch <n>'/],
      [
        ["select", "--strategy", "margin", "--batch", "0", "--seed", "1", "--probabilities", file],
        /--batch takes an integer ≥ 1, got "0"/,
      ],
      [[...base, "--strategy", "nope", "--probabilities", file], /no strategy "nope"; known: margin/],
      [[...base, "--probabilities", file], /either --strategy ID or --spec/],
      [[...base, "--strategy", "margin", "--options", "{bad", "--probabilities", file], /--options is not JSON/],
      [[...base, "--strategy", "k-center-greedy", "--probabilities", file], /needs embeddings/],
      [[...base, "--strategy", "margin", "--probabilities", join(folder, "none.npy")], /none.npy cannot be opened/],
      [["frobnicate"], /unknown command 'frobnicate'/],
      [[...base, "--strategy", "margin", "--probabilities", file, "--wat"], /unknown option '--wat'/],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await winnow(...args);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split("\n").length).toBe(1);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    }
    const failed = await winnow(...base, "--strategy", "margin", "--probabilities", logits);
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr).toMatch(/^winnow: Row 0 of the probabilities is not a distribution/);
  });

  test("probabilities of labelled rows reach the strategies that walk over them", async () => {
    const pool = Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? (i + 1) / 41 : 1 - i / 41));
    const train = Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.55, 0.45, 0.4, 0.6);
    const base = ["select", "--strategy", "galaxy", "--batch", "4", "--seed", "s"];
    const files = [
      "--probabilities",
      npy("gp.npy", pool, [20, 2]),
      "--train-labels",
      npy("gy.npy", Int32Array.of(0, 1, 0, 1), [4]),
    ];
    const trained = ["--train-probabilities", npy("gt.npy", train, [4, 2])];
    const seen = await winnow(...base, ...files, ...trained);
    expect(seen.stderr).toBe("");
    const { rows } = JSON.parse(seen.stdout) as { rows: number[] };
    expect(rows).toHaveLength(4);
    expect(rows.every((row) => row >= 0 && row < 20)).toBe(true);
    // The labels change where class 0 ends, but only for a strategy that knows where the labelled rows lie.
    const flipped = Float64Array.from(train, (_, i) => train[i ^ 1]);
    const moved = await winnow(...base, ...files, "--train-probabilities", npy("gf.npy", flipped, [4, 2]));
    expect(JSON.parse(moved.stdout).rows).not.toEqual(rows);
    const short = ["--train-probabilities", npy("gs.npy", train.subarray(0, 4), [2, 2])];
    const refused = await winnow(...base, ...files, ...short);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/--train-probabilities is 2 × 2; expected 4 labelled rows × 2 classes/);
  });
});

describe("replay", () => {
  /** A stored round on reference kernels, as the server's export writes it. */
  async function storedRound(): Promise<{ manifest: RoundManifest; blobs: Map<string, Uint8Array> }> {
    const rows = 100;
    const random = new KeyedRandom("replay", "data");
    const probabilities = Float32Array.from({ length: 2 * rows }, (_, i) => {
      const p = 0.5 + random.uniform(i >>> 1) / 2;
      return i % 2 === 0 ? p : 1 - Math.fround(p);
    });
    const embeddings = Float32Array.from({ length: 3 * rows }, (_, i) => random.uniform(i, 1));
    const labelledRows = Uint32Array.of(1, 5, 9);
    const labelledClasses = Int32Array.of(0, 1, 0);
    const keys = { lo: new Uint32Array(rows), hi: new Uint32Array(rows) };
    for (let row = 0; row < rows; row++) keys.lo[row] = 7919 * (rows - row);
    const eligible = bitmapFromRows(
      rows,
      Array.from({ length: rows }, (_, row) => row).filter((row) => ![1, 5, 9].includes(row)),
    );
    const pool: Pool = {
      n: rows,
      nClasses: 2,
      eligible,
      keys,
      labelled: { rows: labelledRows, classes: labelledClasses },
      probabilities: arrayMatrix(probabilities, rows, 2, 64),
      embeddings: arrayMatrix(embeddings, rows, 3, 64),
    };
    const spec = {
      op: "mix",
      parts: [{ share: 1, of: { op: "single", use: "margin-kmeans" } }],
      audit: { share: 0.25, frameShare: 0.2 },
    };
    const selection = await runSpec(spec, pool, 12, { kernels: createReferenceKernels(), seed: "r1", frameSeed: "f" });
    const blobs = new Map<string, Uint8Array>();
    const store = (
      key: string,
      values: Float32Array | Uint32Array | Int32Array,
      dtype: ManifestArray["dtype"],
      shape: number[],
    ) => {
      const bytes = new Uint8Array(values.slice().buffer);
      blobs.set(key, bytes);
      return { key, dtype, shape, sha256: createHash("sha256").update(bytes).digest("hex") };
    };
    const matrix = (name: string, values: Float32Array, dim: number) => ({
      rows,
      dim,
      dtype: "f4" as const,
      shards: [0, 64].map((startRow) => {
        const nRows = Math.min(64, rows - startRow);
        const part = values.slice(startRow * dim, (startRow + nRows) * dim);
        const { key, sha256 } = store(`${name}/${startRow}`, part, "f4", [nRows, dim]);
        return { startRow, nRows, key, sha256 };
      }),
    });
    const words = Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? keys.lo : keys.hi)[i >>> 1]);
    const manifest: RoundManifest = {
      format: 1,
      projectId: 3,
      round: 8,
      spec: JSON.parse(JSON.stringify(selection.spec)),
      specHash: selection.specHash,
      seed: "r1",
      frameSeed: "f",
      batchSize: 12,
      taskKind: "single-label",
      snapshot: { labelSeq: 3, modelVersion: 2, featureVersion: 1, rows, nClasses: 2, eligible: 97 },
      arrays: {
        eligible: store("eligible", eligible.words, "bits", [rows]),
        labelledRows: store("rows", labelledRows, "u4", [3]),
        labelledClasses: store("classes", labelledClasses, "i4", [3]),
        keys: store("keys", words, "u4", [rows, 2]),
        probabilities: matrix("probabilities", probabilities, 2),
        embeddings: matrix("embeddings", embeddings, 3),
      },
      states: {},
      kernels: "reference",
      kernelsSha256: null,
      codeVersion: "test",
      status: selection.status,
      notices: JSON.parse(JSON.stringify(selection.notices)),
      picks: JSON.parse(JSON.stringify(listPicks(selection))),
    };
    return { manifest: roundManifest.parse(JSON.parse(JSON.stringify(manifest))), blobs };
  }

  const reader = (blobs: Map<string, Uint8Array>) => async (key: string) => {
    const bytes = blobs.get(key);
    if (bytes === undefined) throw new Error(`${key} is missing`);
    return bytes;
  };

  test("selects the stored round again, number by number", async () => {
    const { manifest, blobs } = await storedRound();
    const report = await replayRound(manifest, reader(blobs), createReferenceKernels());
    expect(report).toEqual({ isIdentical: true, picks: 12, differences: [], specHash: manifest.specHash });
  });

  test("names what differs when the stored picks are not what the seed gives", async () => {
    const { manifest, blobs } = await storedRound();
    const other = await replayRound({ ...manifest, seed: "r2" }, reader(blobs), createReferenceKernels());
    expect(other.isIdentical).toBe(false);
    expect(other.differences[0]).toMatch(/^pick \d+: stored .*, replayed /);
    const picks = manifest.picks.map((pick, i) => (i === 4 ? { ...pick, score: pick.score + 1e-16 + 1e-9 } : pick));
    const nudged = await replayRound({ ...manifest, picks }, reader(blobs), createReferenceKernels());
    expect(nudged.differences).toEqual([expect.stringMatching(/^pick 4: /)]);
  });

  test("refuses other data, a missing array and other kernels", async () => {
    const { manifest, blobs } = await storedRound();
    const kernels = createReferenceKernels();
    const changed = new Map(blobs).set("rows", Uint8Array.from(blobs.get("rows")!).reverse());
    await expect(replayRound(manifest, reader(changed), kernels)).rejects.toThrow(/rows is not the one of the round/);
    const missing = new Map(blobs);
    missing.delete("embeddings/64");
    await expect(replayRound(manifest, reader(missing), kernels)).rejects.toThrow(/embeddings\/64 is missing/);
    await expect(replayRound({ ...manifest, kernels: "wasm" }, reader(blobs), kernels)).rejects.toThrow(/ran on wasm/);
  });

  test("works from files, and says so with its exit code", async () => {
    const { manifest, blobs } = await storedRound();
    const { mkdirSync } = await import("node:fs");
    const data = join(folder, "round");
    for (const [key, bytes] of blobs) {
      mkdirSync(join(data, key, ".."), { recursive: true });
      writeFileSync(join(data, key), bytes);
    }
    const path = join(folder, "manifest.json");
    writeFileSync(path, JSON.stringify(manifest));
    const good = await winnow("replay", "--manifest", path, "--data", data);
    expect(JSON.parse(good.stdout)).toMatchObject({ isIdentical: true, picks: 12 });
    expect(good.code).toBe(0);
    writeFileSync(path, JSON.stringify({ ...manifest, seed: "other" }));
    expect(await winnow("replay", "--manifest", path, "--data", data)).toMatchObject({ code: 1 });
    const arrays = { ...manifest.arrays, labelledRows: { ...manifest.arrays.labelledRows, key: "../../etc/passwd" } };
    writeFileSync(path, JSON.stringify({ ...manifest, arrays }));
    const outside = await winnow("replay", "--manifest", path, "--data", data);
    expect(outside.code).toBe(2);
    expect(outside.stderr).toMatch(/not inside the data folder/);
    writeFileSync(path, JSON.stringify({ ...manifest, seed: 5 }));
    expect((await winnow("replay", "--manifest", path, "--data", data)).stderr).toMatch(/no round manifest: seed/);
  });
});
