import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { FeatureSpec } from "@/contracts/project";
import type { LearnPayload, LearnResult, TaskContext } from "../compute";
import { assert } from "../errors";
import { createOnnxFeaturizer } from "./onnx/createOnnxFeaturizer";
import { MODEL_FILE } from "./onnx/resolveModelFolder";
import { learnRecord } from "./record/learnRecord";
import { recordDim } from "./record/recordParameters";
import { learnText } from "./text/learnText";
import { encodeTextParameters } from "./text/textParameters";

type SpecOf<K extends FeatureSpec["kind"]> = Extract<FeatureSpec, { kind: K }>;

/** What is learnt per kind of features is stored under `parametersKey`; runs in a compute child. */
export async function learnFeatures(context: TaskContext, payload: LearnPayload): Promise<LearnResult> {
  const { spec } = payload;
  switch (spec.kind) {
    case "text":
      return learnTextFeatures(context, payload, spec);
    case "record":
      return learnRecordFeatures(context, payload, spec);
    case "onnx":
      return learnOnnxFeatures(context, payload, spec);
    case "embedding":
      assert(false, "ingested vectors have nothing to learn");
  }
}

async function learnTextFeatures(context: TaskContext, payload: LearnPayload, spec: SpecOf<"text">) {
  assert(payload.itemsPath, "learning text features needs a file of items");
  const { parameters, nSample, nCut, keptShare } = await learnText(
    context.kernels,
    payload.itemsPath,
    {
      hasher: { hashBits: spec.hashBits, wordNgrams: spec.wordNgrams, charNgrams: spec.charNgrams },
      dim: spec.dim,
      seed: payload.seed,
    },
    context.progress,
  );
  await context.storage.put(payload.parametersKey, encodeTextParameters(parameters));
  return { dim: parameters.dim, report: { nSample, nCut, keptShare, nTerms: parameters.buckets.length } };
}

async function learnRecordFeatures(context: TaskContext, payload: LearnPayload, spec: SpecOf<"record">) {
  assert(payload.itemsPath, "learning record features needs a file of items");
  const { parameters, nSample, isInferred } = await learnRecord(payload.itemsPath, spec);
  await context.storage.put(payload.parametersKey, Buffer.from(JSON.stringify(parameters)));
  const columns = {
    numeric: parameters.numeric.map((column) => column.name),
    categorical: parameters.categorical.map((column) => column.name),
  };
  return { dim: recordDim(parameters), report: { nSample, isInferred, ...columns } };
}

/** Nothing is learnt, but the version is tied to the model's bytes. */
export interface OnnxParameters {
  modelSha256: string;
}

async function learnOnnxFeatures(context: TaskContext, payload: LearnPayload, spec: SpecOf<"onnx">) {
  assert(payload.modelFolder, "ONNX features need the folder of the model");
  const modelSha256 = await hashModel(payload.modelFolder);
  const featurizer = await createOnnxFeaturizer({ ...spec, folder: payload.modelFolder });
  await featurizer.dispose?.();
  const parameters: OnnxParameters = { modelSha256 };
  await context.storage.put(payload.parametersKey, Buffer.from(JSON.stringify(parameters)));
  return { dim: featurizer.dim, report: { modelSha256 } };
}

export async function hashModel(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(join(folder, MODEL_FILE))) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
