import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { featureSpec } from "@/contracts/project";
import { ItemFileWriter } from "@/server/features/itemFile";
import { createTextFeaturizer } from "@/server/features/text/createTextFeaturizer";
import { learnText } from "@/server/features/text/learnText";
import type { TrainedModel } from "@/server/models";
import { trainerEntry } from "@/server/models";
import type { LinearHead } from "@/strategies";
import { hash128 } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import type { Featurize } from "./readDataSet";
import type { SimulationModel } from "./simulateRun";

/** The product's own trainers and text features, so that a simulation says something about the product. */

/** A trainer of the registry with its default options. */
export async function loadSimulationModel(
  id: "softmax" | "mlp",
  tools: { readonly kernels: Kernels; readonly monotonicMs: () => number },
): Promise<SimulationModel> {
  const trainer = await trainerEntry(id).load();
  const context = { ...tools, progress: () => undefined, signal: { aborted: false } };
  return {
    name: `${id} with default options`,
    async fitPredict({ x, n, d, nClasses, trainRows, trainClasses, seed, giveHead }) {
      const trainX = new Float32Array(trainRows.length * d);
      trainRows.forEach((row, i) => {
        trainX.set(x.subarray(row * d, (row + 1) * d), i * d);
      });
      const model = await trainer.train(
        {
          x: trainX,
          n: trainRows.length,
          d,
          target: { kind: "classes", labels: trainClasses, nClasses },
          classWeights: "none",
          seed: hash128(seed)[0] >>> 1,
          options: {},
        },
        context,
      );
      const out = new Float32Array(n * nClasses);
      await model.predict(x, n, out);
      if (giveHead !== undefined && id === "softmax") giveHead(await linearHead(model, d, nClasses));
      model.dispose();
      return out;
    },
  };
}

/** A model whose logits are linear in its features, as weights and bias: read off at the origin and at every unit vector. */
async function linearHead(model: TrainedModel, d: number, nClasses: number): Promise<LinearHead> {
  const probes = new Float32Array((d + 1) * d);
  for (let j = 0; j < d; j++) probes[(j + 1) * d + j] = 1;
  const logits = new Float32Array((d + 1) * nClasses);
  await model.logits!(probes, d + 1, logits);
  const bias = logits.slice(0, nClasses);
  const weights = Float32Array.from(logits.subarray(nClasses), (value, i) => value - bias[i % nClasses]);
  return { weights, bias };
}

/** Texts to vectors as a project with default text features does: learnt on all texts, without their labels. */
export function textFeaturizer(kernels: Kernels, seed: string): Featurize {
  return async (texts) => {
    const spec = featureSpec.parse({ kind: "text" });
    if (spec.kind !== "text") throw new Error("The default text features are of another kind.");
    const folder = await mkdtemp(join(tmpdir(), "winnow-simulate-"));
    try {
      const path = join(folder, "items");
      const writer = await ItemFileWriter.create(path);
      for (const [row, text] of texts.entries()) await writer.write(row, text);
      await writer.close();
      const hasher = { hashBits: spec.hashBits, wordNgrams: spec.wordNgrams, charNgrams: spec.charNgrams };
      const { parameters } = await learnText(kernels, path, { hasher, dim: spec.dim, seed }, () => undefined);
      return await transformed(kernels, parameters, texts);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

async function transformed(
  kernels: Kernels,
  parameters: Parameters<typeof createTextFeaturizer>[1],
  texts: readonly string[],
): ReturnType<Featurize> {
  const mark = kernels.mark();
  const featurizer = createTextFeaturizer(kernels, parameters);
  const d = featurizer.dim;
  const x = new Float32Array(texts.length * d);
  for (let start = 0; start < texts.length; start += featurizer.batchItems) {
    const items = texts.slice(start, start + featurizer.batchItems).map((text, i) => ({ row: start + i, text }));
    await featurizer.transform(items, x.subarray(start * d, (start + items.length) * d));
  }
  kernels.release(mark);
  return { x, d, note: `Texts became ${d} features (hashed word and character n-grams, TF-IDF, truncated SVD).` };
}
