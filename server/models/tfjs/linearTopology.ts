import { AppError } from "@/server/errors";

type Json = Record<string, unknown>;

/** Layers whose noise cannot be drawn from a seed. */
const UNSEEDED = new Set(["GaussianNoise", "GaussianDropout", "AlphaDropout"]);

/**
 * A copy of a LayersModel topology that ends in logits: a final softmax or sigmoid is taken off, because losses and
 * calibration work on logits and apply it themselves.
 *
 * @param isRegression leaves the output as it is.
 * @throws AppError E_BAD_INPUT when the topology has no single output, ends in another activation, or holds layers that
 * cannot be trained reproducibly.
 */
export function linearTopology(topology: unknown, isRegression: boolean): Json {
  const copy = structuredClone(topology) as Json;
  const model = (isObject(copy.model_config) ? copy.model_config : copy) as Json;
  const config = model.config;
  const layers = Array.isArray(config) ? config : isObject(config) ? config.layers : undefined;
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every(isObject)) {
    throw refused("expected the modelTopology of a LayersModel, with config.layers");
  }
  for (const layer of layers as Json[]) refuseUnseeded(layer);
  if (!isRegression) makeLinear(lastLayer(layers as Json[], isObject(config) ? config : {}));
  return copy;
}

function lastLayer(layers: Json[], config: Json): Json {
  const outputs = config.output_layers ?? config.outputLayers;
  if (outputs === undefined) return layers[layers.length - 1];
  if (!Array.isArray(outputs) || outputs.length !== 1 || !Array.isArray(outputs[0])) {
    throw refused(`expected one output, got ${JSON.stringify(outputs)}`);
  }
  const [name] = outputs[0] as [string];
  const layer = layers.find((candidate) => candidate.name === name || configOf(candidate).name === name);
  if (layer === undefined) throw refused(`its output layer ${JSON.stringify(name)} is not among its layers`);
  return layer;
}

function makeLinear(layer: Json): void {
  const className = layer.class_name ?? layer.className;
  const config = configOf(layer);
  if (className === "Softmax") {
    layer.class_name = "Activation";
    layer.config = { name: config.name, activation: "linear" };
    return;
  }
  const activation = config.activation ?? "linear";
  if (activation === "softmax" || activation === "sigmoid") config.activation = "linear";
  else if (activation !== "linear") {
    throw refused(`its output must end in softmax, sigmoid or nothing, got ${JSON.stringify(activation)}`);
  }
}

function refuseUnseeded(layer: Json): void {
  const className = String(layer.class_name ?? layer.className);
  const config = configOf(layer);
  const isRecurrent = /RNN|LSTM|GRU/.test(className);
  const rates = isRecurrent ? [config.dropout, config.recurrent_dropout, config.recurrentDropout] : [];
  if (UNSEEDED.has(className) || rates.some((rate) => typeof rate === "number" && rate > 0)) {
    throw refused(`${className} draws noise that no seed controls, so training could not be repeated; use Dropout`);
  }
}

function configOf(layer: Json): Json {
  return isObject(layer.config) ? layer.config : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(why: string): AppError {
  return new AppError("E_BAD_INPUT", `The network cannot be used: ${why}.`, { details: { field: "options.topology" } });
}
