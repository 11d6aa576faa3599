import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectByMethod } from "@/bin/commands/selectByMethod";
import { selectRows } from "@/bin/commands/selectRows";
import type { GoldenSelection } from "./golden";
import { cases, goldenArray } from "./golden";

/** The same sequences through `winnow select`, from files to JSON. */

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "winnow-golden-"));
  for (const name of ["A_train", "A_pool", "T_train", "T_pool"]) writeMatrix(name);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeMatrix(name: string): void {
  const { values, shape } = goldenArray(name);
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const header = Buffer.alloc(128, " ");
  header.write("\x93NUMPY\x01\x00", 0, "latin1");
  header.writeUInt16LE(118, 8);
  header.write(text, 10, "latin1");
  header[127] = 10;
  writeFileSync(join(folder, `${name}.npy`), Buffer.concat([header, Buffer.from(values.buffer)]));
}

const flags = (id: string, strategy: string, batch: number) => ({
  ...{ strategy, batch: String(batch), seed: "s" },
  ...{ pool: join(folder, `${id}_pool.npy`), train: join(folder, `${id}_train.npy`) },
});

const POSTERIOR = { posterior: "train", scale: true, sigma: 1e-3, dtype: "f64" };

test.each([
  ["lcmd-tp", {}, "lcmd_tp_raw_sq-dist"],
  ["lcmd-p", { posterior: "none" }, "lcmd_p_raw_sq-dist"],
  ["lcmd-p", POSTERIOR, "lcmd_p_post"],
  ["maxdist-tp", {}, "maxdist_tp_raw"],
  ["maxdist-p", POSTERIOR, "maxdist_p_post"],
  ["maxdet-p", {}, "maxdet_p_post"],
  ["maxdet-tp", {}, "maxdet_tp_scale"],
  ["maxdiag", POSTERIOR, "maxdiag_post"],
  ["maxdiag", { posterior: "none", scale: false }, "maxdiag_raw"],
  ["bait-f-p", POSTERIOR, "bait_f_p_post"],
  ["bait-fb-p", POSTERIOR, "bait_fb_p_post"],
  ["fw-p", {}, "fw_p_raw"],
  ["fw-p", POSTERIOR, "fw_p_post"],
])("winnow select --strategy %s with %j gives %s", async (strategy, options, name) => {
  const golden = cases.A.selections[name] as GoldenSelection;
  const result = await selectRows({
    ...flags("A", strategy, golden.indices.length),
    options: JSON.stringify(options),
  });
  expect(result.rows).toEqual(golden.indices);
  expect(result.status).toBe("ok");
});

test.each([
  ["lcmd-p / linear → train(0.001, scale)", "A", "lcmd_p_post"],
  ["maxdet-tp / linear -> scale", "A", "maxdet_tp_scale"],
  ["maxdist-tp / linear", "T", "maxdist_tp"],
])("winnow select --strategy '%s' gives %s %s", async (method, id, name) => {
  const golden = cases[id].selections[name] as GoldenSelection;
  const result = await selectByMethod(flags(id, method, golden.indices.length));
  expect(result.rows).toEqual(golden.indices);
});

test("a method of a network is refused on files, and so is a chain that cannot be", async () => {
  await expect(selectByMethod(flags("A", "lcmd-tp / grad → sketch(512)", 5))).rejects.toThrow(
    /needs a trained network/,
  );
  await expect(selectByMethod(flags("A", "bait-f-p / ntk", 5))).rejects.toThrow(/explicit features for BAIT/);
});
