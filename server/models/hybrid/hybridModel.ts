import { AppError } from "@/server/errors";
import { checkFinite, checkRows } from "../checkInput";
import { exclusive } from "../exclusive";
import { readModelFile, writeModelFile } from "../modelFile";
import type { ComputeContext, TaskKind, TrainedModel, TrainingMetrics, TrainingRemark } from "../port";
import type { GemmChoice, GemmProvider } from "./gemmProvider";
import { openGemm } from "./gemmProvider";
import type { LayerSpec } from "./layers";
import { inputSize, outputSize } from "./layers";
import { bindNetwork, valuesPerRow } from "./network";

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
  const header = file.header as Omit<HybridParts, "parameters" | "trainerId">;
  return openHybridModel({ ...header, trainerId, parameters: file.arrays[0] }, context);
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
    const { parameters, trainerId, ...rest } = this.parts;
    const header = { ...rest, metrics: { ...rest.metrics, durationMs: null } };
    return writeModelFile({ trainerId, header, arrays: [parameters] });
  }

  dispose(): void {
    // Nothing native is held: sessions belong to the process, parameters are an ordinary array.
  }
}

function copyScaled(rows: Float32Array, scale: HybridParts["inputScale"], block: Float32Array): Float32Array {
  if (scale === null) {
    block.set(rows);
  } else {
    for (let i = 0; i < rows.length; i++) block[i] = (rows[i] - scale.shift) * scale.factor;
  }
  return block;
}
