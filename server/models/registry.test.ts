import { expect, it, vi } from "vitest";
import { TRAINERS, trainerEntry } from "./index";

const loaded = vi.hoisted(() => [] as string[]);
vi.mock("onnxruntime-node", () => loaded.push("onnxruntime-node"));
vi.mock("@tensorflow/tfjs-core", () => loaded.push("tfjs-core"));
vi.mock("@tensorflow/tfjs-layers", () => loaded.push("tfjs-layers"));

it("listing trainers and checking their options loads no compute library", () => {
  expect(TRAINERS.map(({ id }) => id)).toEqual(["softmax", "mlp", "convnet", "regression", "tfjs"]);
  expect(trainerEntry("softmax").optionsSchema.parse({})).toMatchObject({ l2: 0.001, scaling: "global" });
  expect(trainerEntry("mlp").optionsSchema.safeParse({ hidden: [0] }).success).toBe(false);
  expect(trainerEntry("tfjs").optionsSchema.safeParse({}).success).toBe(false);
  expect(loaded).toEqual([]);
});

it("every entry loads the trainer of its id", async () => {
  vi.doUnmock("@tensorflow/tfjs-core");
  vi.doUnmock("@tensorflow/tfjs-layers");
  for (const entry of TRAINERS) expect((await entry.load()).id).toBe(entry.id);
});
