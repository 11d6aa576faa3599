import { AppError } from "@/server/errors";
import { checkFinite, checkRows } from "../checkInput";
import { exclusive } from "../exclusive";
import { readModelFile, writeModelFile } from "../modelFile";
import type { ComputeContext, ModelHead, TaskKind, TrainedModel, TrainingMetrics, TrainingRemark } from "../port";
import type { GemmChoice, GemmProvider } from "./gemmProvider";
import { openGemm } from "./gemmProvider";
import type { LayerSpec } from "./layers";
import { inputSize, outputSize } from "./layers";
import { bindNetwork, parameterLayout, valuesPerRow } from "./network";
import type { FeatureScale } from "./scaleFeatures";
import { scaleRows, unfoldScale } from "./scaleFeatures";

/** Everything a hybrid model is: stored as it stands, JSON beside one vector. */
export interface HybridParts {
  trainerId: string;
  taskKind: TaskKind;
  layers: LayerSpec[];
  /** Applied to every input value before the first layer; dense networks have it folded into their weights. */
  inputScale: { shift: number; factor: number } | null;
  gemm: GemmChoice;
  metrics: TrainingMetrics;
  remarks: TrainingRemark[];
  parameters: Float32Array;
  /** Of a single layer: the scale its weights have folded in; null elsewhere and in models stored without it. */
  headScale: FeatureScale | null;
}

/** Activations computed at a time: enough rows for fast matrix products, few enough to stay in the cache. */
const BLOCK_BYTES = 16 * 1024 * 1024;
const BLOCK_ROWS_MAX = 4096;

/** Opens a model on the matrix product that this process has. */
export async function openHybridModel(parts: HybridParts, context: ComputeContext): Promise<TrainedModel> {
  const provider = await openGemm(context, parts.gemm);
  const { remark } = provider;
  const remarks = remark === undefined ? parts.remarks : [...parts.remarks, remark];
  return new HybridModel(parts, remarks, provider, context);
}

/** @throws AppError E_STORAGE when the bytes are damaged or belong to another trainer. */
export async function readHybridModel(
  trainerId: string,
  bytes: Uint8Array,
  context: ComputeContext,
): Promise<TrainedModel> {
  const file = readModelFile(bytes);
  if (file.trainerId !== trainerId) {
    throw new AppError("E_STORAGE", `The model was trained by ${file.trainerId}; it cannot be opened as ${trainerId}.`);
  }
  const header = file.header as Omit<HybridParts, "parameters" | "trainerId" | "headScale">;
  const [parameters, shift, factor] = file.arrays;
  const headScale = shift !== undefined && factor !== undefined ? { shift, factor } : null;
  return openHybridModel({ ...header, trainerId, parameters, headScale }, context);
}

class HybridModel implements TrainedModel {
  readonly trainerId: string;
  readonly taskKind: TaskKind;
  readonly inputDim: number;
  readonly nOutputs: number;
  readonly backend: string;
  readonly metrics: TrainingMetrics;
  readonly embeddingDim: number | undefined;
  readonly logits: TrainedModel["logits"];
  readonly embed: TrainedModel["embed"];
  readonly head: ModelHead | undefined;
  readonly headInputs: TrainedModel["headInputs"];

  constructor(
    private readonly parts: HybridParts,
    readonly remarks: readonly TrainingRemark[],
    private readonly provider: GemmProvider,
    private readonly context: ComputeContext,
  ) {
    const { layers } = parts;
    const last = layers[layers.length - 1];
    this.trainerId = parts.trainerId;
    this.taskKind = parts.taskKind;
    this.metrics = parts.metrics;
    this.backend = provider.backend;
    this.inputDim = inputSize(layers[0]);
    this.nOutputs = outputSize(last);
    this.embeddingDim = layers.length > 1 ? inputSize(last) : undefined;
    this.logits = parts.taskKind === "number" ? undefined : (x, n, out) => this.run("logits", x, n, out);
    this.embed = layers.length > 1 ? (x, n, out) => this.run("embed", x, n, out) : undefined;
    this.head = parts.taskKind === "number" ? undefined : headOf(parts);
    this.headInputs = this.head && ((x, n, out) => this.readHeadInputs(x, n, out));
  }

  private async readHeadInputs(x: Float32Array, n: number, out: Float32Array): Promise<void> {
    if (this.embed) return this.embed(x, n, out);
    const d = this.inputDim;
    checkRows("x", x, n, d);
    checkRows("out", out, n, d);
    const { headScale } = this.parts;
    if (headScale === null) out.set(x.subarray(0, n * d));
    else scaleRows(x, n, d, headScale, out);
  }

  predict(x: Float32Array, n: number, out: Float32Array): Promise<void> {
    return this.run("predict", x, n, out);
  }

  private run(what: "predict" | "logits" | "embed", x: Float32Array, n: number, out: Float32Array): Promise<void> {
    const { kernels } = this.context;
    const { layers, inputScale } = this.parts;
    const width = what === "embed" ? (this.embeddingDim ?? 0) : this.nOutputs;
    checkRows("x", x, n, this.inputDim);
    checkRows("out", out, n, width);
    return exclusive(kernels, async () => {
      const parameters = kernels.allocF32(this.parts.parameters.length);
      parameters.set(this.parts.parameters);
      const fitting = Math.floor(BLOCK_BYTES / (4 * valuesPerRow(layers, false)));
      const batchMax = Math.max(1, Math.min(n, fitting, BLOCK_ROWS_MAX));
      const network = bindNetwork(layers, parameters, undefined, { kernels, gemm: this.provider.gemm, batchMax });
      const isInPlace = inputScale === null && x.buffer === kernels.memory?.buffer;
      const block = isInPlace ? undefined : kernels.allocF32(batchMax * this.inputDim);
      for (let start = 0; start < n; start += batchMax) {
        const count = Math.min(batchMax, n - start);
        const rows = x.subarray(start * this.inputDim, (start + count) * this.inputDim);
        const input = block === undefined ? rows : copyScaled(rows, inputScale, block);
        checkFinite(kernels, "x", input, count, this.inputDim, start);
        const outputs = await network.forward(input, count);
        const result = what === "embed" ? (network.hidden ?? outputs) : outputs;
        if (what === "predict") this.toProbabilities(outputs, count);
        out.set(result.subarray(0, count * width), start * width);
      }
    });
  }

  private toProbabilities(logits: Float32Array, n: number): void {
    const { kernels } = this.context;
    const { temperature } = this.metrics;
    if (this.taskKind === "classes") kernels.softmaxRows(logits, n, this.nOutputs, temperature);
    if (this.taskKind === "multiLabel") kernels.sigmoid(logits, n * this.nOutputs, temperature);
  }

  serialize(): Uint8Array {
    const { parameters, trainerId, headScale, ...rest } = this.parts;
    const header = { ...rest, metrics: { ...rest.metrics, durationMs: null } };
    const arrays = headScale === null ? [parameters] : [parameters, headScale.shift, headScale.factor];
    return writeModelFile({ trainerId, header, arrays });
  }

  dispose(): void {
    // Nothing native is held: sessions belong to the process, parameters are an ordinary array.
  }
}

/** The last layer of a network, in the space of what it reads and divided by the temperature. */
function headOf({ layers, parameters, metrics, headScale }: HybridParts): ModelHead | undefined {
  const last = layers[layers.length - 1];
  if (last.kind !== "dense" || (layers.length === 1 && layers[0].kind !== "dense")) return undefined;
  const { weights: places, biases } = parameterLayout(layers);
  const { start, rows, columns } = places[places.length - 1];
  const weights = parameters.slice(start, start + rows * columns);
  const bias = parameters.slice(biases[biases.length - 1].start, biases[biases.length - 1].start + columns);
  if (headScale !== null) unfoldScale(weights, bias, headScale);
  for (const values of [weights, bias]) for (let i = 0; i < values.length; i++) values[i] /= metrics.temperature;
  const reads = layers.length > 1 ? "last hidden layer" : headScale === null ? "features" : "standardised features";
  return { reads, dim: rows, weights, bias };
}

function copyScaled(rows: Float32Array, scale: HybridParts["inputScale"], block: Float32Array): Float32Array {
  if (scale === null) {
    block.set(rows);
  } else {
    for (let i = 0; i < rows.length; i++) block[i] = (rows[i] - scale.shift) * scale.factor;
  }
  return block;
}
