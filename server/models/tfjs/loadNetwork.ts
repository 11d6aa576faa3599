import type { io, Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { AppError } from "@/server/errors";
import { KeyedRandom } from "@/strategies";
import type { Tensorflow } from "./openTensorflow";

export interface StoredNetwork {
  topology: Record<string, unknown>;
  weightSpecs: io.WeightsManifestEntry[];
  weightData: ArrayBuffer;
}

/** Builds a LayersModel from its topology, with weights when given. @throws AppError E_BAD_INPUT when it cannot be. */
export async function loadNetwork(
  { core, layers }: Tensorflow,
  topology: Record<string, unknown>,
  weights: { specs: io.WeightsManifestEntry[]; data: ArrayBuffer } | undefined,
): Promise<LayersModel> {
  try {
    const artifacts = { modelTopology: topology, weightSpecs: weights?.specs, weightData: weights?.data };
    return await layers.loadLayersModel(core.io.fromMemory(artifacts as io.ModelArtifacts));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("E_BAD_INPUT", `The network cannot be used: ${reason}`, {
      cause,
      details: { field: "options.topology" },
    });
  }
}

/** Shape of one item at the network's input. @throws AppError E_BAD_INPUT unless it takes d values and gives `width`. */
export function networkShape(model: LayersModel, d: number, width: number): number[] {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw refused(`expected one input and one output, got ${model.inputs.length} and ${model.outputs.length}`);
  }
  const shape = model.inputs[0].shape.slice(1) as number[];
  const size = shape.reduce((total, length) => total * length, 1);
  if (size !== d) throw refused(`its input [${shape.join("×")}] takes ${size} values, but items have ${d} features`);
  const output = model.outputs[0].shape.slice(1);
  if (output.length !== 1 || output[0] !== width) {
    throw refused(`its output is [${output.join("×")}], but ${width} classes, labels or targets are to be learnt`);
  }
  return shape;
}

function refused(why: string): AppError {
  return new AppError("E_BAD_INPUT", `The network cannot be used: ${why}.`, { details: { field: "options.topology" } });
}

/**
 * Replaces every weight that the layers drew at random by one drawn from the seed: uniform in ±√(6 / (fan in + fan out)),
 * the usual default (Glorot & Bengio 2010). Constant weights (biases, scales) stay.
 */
export function drawWeights({ core }: Tensorflow, model: LayersModel, seed: string): void {
  const random = new KeyedRandom(seed, "tfjs-weights");
  const drawn: Tensor[] = model.getWeights().map((weight, index) => {
    const values = weight.dataSync();
    if (values.every((value) => value === values[0])) return weight.clone();
    const { shape, size } = weight;
    const columns = shape[shape.length - 1];
    const receptive = shape.length > 2 ? shape.slice(0, -2).reduce((total, length) => total * length, 1) : 1;
    const fanIn = size / columns;
    const bound = Math.sqrt(6 / (fanIn + receptive * columns));
    const fresh = Float32Array.from({ length: size }, (_, i) => bound * (2 * random.uniform(i, index) - 1));
    return core.tensor(fresh, shape);
  });
  model.setWeights(drawn);
  core.dispose(drawn);
}

/** Topology and weights as TensorFlow.js itself would save them. */
export async function storeNetwork({ core }: Tensorflow, model: LayersModel): Promise<StoredNetwork> {
  let stored: StoredNetwork | undefined;
  await model.save(
    core.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const parts = Array.isArray(weightData) ? weightData : [weightData ?? new ArrayBuffer(0)];
      const data = parts.length === 1 ? parts[0] : await new Blob(parts).arrayBuffer();
      stored = { topology: modelTopology as Record<string, unknown>, weightSpecs: weightSpecs ?? [], weightData: data };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  if (stored === undefined) throw new Error("model.save did not call its handler");
  return stored;
}
