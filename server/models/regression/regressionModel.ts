import { AppError } from "@/server/errors";
import type { NtkNetwork } from "@/strategies/bmdal/door";
import { bindNtkNetwork } from "@/strategies/bmdal/door";
import { checkFinite, checkRows } from "../checkInput";
import { exclusive } from "../exclusive";
import type { GemmProvider } from "../hybrid/gemmProvider";
import { openGemm } from "../hybrid/gemmProvider";
import { readModelFile, writeModelFile } from "../modelFile";
import type { ComputeContext, TrainedModel, TrainingMetrics, TrainingRemark } from "../port";
import { openMultiply } from "./openMultiply";
import type { RegressionOptions } from "./options";
import { sketchGradients } from "./sketchGradients";
import type { InputScale } from "./standardize";
import { applyScale } from "./standardize";

/** Everything a regression model is: stored as it stands, JSON beside one vector per member. */
export interface RegressionParts {
  readonly trainerId: string;
  readonly widths: readonly number[];
  readonly activation: NtkNetwork["activation"];
  readonly weightGain: number;
  readonly biasGain: number;
  /** null: inputs are taken as they are. */
  readonly inputs: InputScale | null;
  /** Per output: predictions are mean + deviation·(network). */
  readonly targets: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
  readonly embedding: RegressionOptions["embedding"];
  readonly sketchDim: number;
  /** Draws the sketch's matrices, so that features of one model are comparable. */
  readonly sketchSeed: string;
  readonly gemm: RegressionOptions["gemm"];
  readonly metrics: TrainingMetrics;
  readonly remarks: readonly TrainingRemark[];
  readonly parameters: readonly Float32Array[];
}

const BLOCK_ROWS = 2048;

export async function openRegressionModel(parts: RegressionParts, context: ComputeContext): Promise<RegressionModel> {
  return new RegressionModel(parts, await openGemm(context, parts.gemm), context);
}

/** @throws AppError E_STORAGE when the bytes are damaged or belong to another trainer. */
export async function readRegressionModel(
  trainerId: string,
  bytes: Uint8Array,
  context: ComputeContext,
): Promise<RegressionModel> {
  const file = readModelFile(bytes);
  if (file.trainerId !== trainerId) {
    throw new AppError("E_STORAGE", `The model was trained by ${file.trainerId}; it cannot be opened as ${trainerId}.`);
  }
  const header = file.header as Omit<RegressionParts, "parameters" | "trainerId">;
  return openRegressionModel({ ...header, trainerId, parameters: file.arrays }, context);
}

/** A trained network, or several whose predictions are averaged. */
export class RegressionModel implements TrainedModel {
  readonly trainerId: string;
  readonly taskKind = "number";
  readonly inputDim: number;
  readonly nOutputs: number;
  readonly backend: string;
  readonly metrics: TrainingMetrics;
  readonly remarks: readonly TrainingRemark[];
  readonly embeddingDim: number;

  constructor(
    private readonly parts: RegressionParts,
    private readonly provider: GemmProvider,
    private readonly context: ComputeContext,
  ) {
    const { widths, remarks } = parts;
    this.trainerId = parts.trainerId;
    this.metrics = parts.metrics;
    this.backend = provider.backend;
    this.remarks = provider.remark === undefined ? remarks : [...remarks, provider.remark];
    this.inputDim = widths[0];
    this.nOutputs = widths[widths.length - 1];
    this.embeddingDim = parts.embedding === "gradient-sketch" ? parts.sketchDim : widths[widths.length - 2] + 1;
  }

  /** Members of the ensemble; each is a network over standardised inputs and targets. */
  get networks(): readonly NtkNetwork[] {
    const { widths, activation, weightGain, biasGain, parameters } = this.parts;
    return parameters.map((member) => ({ widths, activation, weightGain, biasGain, parameters: member }));
  }

  async predict(x: Float32Array, n: number, out: Float32Array): Promise<void> {
    const width = this.nOutputs;
    checkRows("out", out, n, width);
    out.fill(0, 0, n * width);
    const { length } = this.parts.parameters;
    await this.eachBlock(x, n, async (outputs, start, count) => {
      for (let i = 0; i < count * width; i++) out[start * width + i] += outputs[i] / length;
    });
  }

  /** Predictions of every member: members × n×nOutputs, for ensembles as posterior samples. */
  async predictMembers(x: Float32Array, n: number): Promise<Float32Array[]> {
    const width = this.nOutputs;
    const all = this.parts.parameters.map(() => new Float32Array(n * width));
    await this.eachBlock(x, n, async (outputs, start, count, member) => {
      all[member].set(outputs.subarray(0, count * width), start * width);
    });
    return all;
  }

  /** The features acquisition works on, from the same weights as the predictions: see the option `embedding`. */
  async embed(x: Float32Array, n: number, out: Float32Array): Promise<void> {
    const { embedding, sketchDim, sketchSeed, widths } = this.parts;
    checkRows("x", x, n, this.inputDim);
    checkRows("out", out, n, this.embeddingDim);
    checkFinite(this.context.kernels, "x", x, n, this.inputDim);
    if (embedding === "last-layer") {
      await this.embedLastLayer(x, n, out, widths[widths.length - 2]);
      return;
    }
    const { kernels } = this.context;
    const multiply = openMultiply(kernels, this.provider.gemm);
    const scaled = this.scaled(x, n);
    await exclusive(kernels, () =>
      sketchGradients(kernels, multiply, this.networks, scaled, n, { dim: sketchDim, seed: sketchSeed }, out),
    );
  }

  /** (σ_w/√d·x_{L−1}, σ_b) of the first member. */
  private async embedLastLayer(x: Float32Array, n: number, out: Float32Array, width: number): Promise<void> {
    const { weightGain, biasGain } = this.parts;
    const factor = weightGain / Math.sqrt(width);
    await this.eachBlock(x, n, async (_, start, count, member, hidden) => {
      if (member > 0) return;
      for (let i = 0; i < count; i++) {
        const to = (start + i) * (width + 1);
        for (let j = 0; j < width; j++) out[to + j] = factor * hidden[i * width + j];
        out[to + width] = biasGain;
      }
    });
  }

  serialize(): Uint8Array {
    const { parameters, trainerId, ...rest } = this.parts;
    const header = { ...rest, metrics: { ...rest.metrics, durationMs: null } };
    return writeModelFile({ trainerId, header, arrays: [...parameters] });
  }

  dispose(): void {
    // Nothing native is held: sessions belong to the process, parameters are ordinary arrays.
  }

  private scaled(x: Float32Array, n: number): Float32Array {
    const { inputs } = this.parts;
    const rows = x.slice(0, n * this.inputDim);
    if (inputs !== null) applyScale(rows, n, inputs, rows);
    return rows;
  }

  /** Outputs of every member for blocks of rows, in units of the targets. */
  private eachBlock(
    x: Float32Array,
    n: number,
    use: (outputs: Float32Array, start: number, count: number, member: number, hidden: Float32Array) => Promise<void>,
  ): Promise<void> {
    const { kernels } = this.context;
    const d = this.inputDim;
    const { inputs, targets } = this.parts;
    checkRows("x", x, n, d);
    return exclusive(kernels, async () => {
      const batchMax = Math.max(1, Math.min(n, BLOCK_ROWS));
      const multiply = openMultiply(kernels, this.provider.gemm);
      const bound = this.networks.map((network) => {
        const parameters = kernels.allocF32(network.parameters.length);
        parameters.set(network.parameters);
        return bindNtkNetwork({ ...network, parameters }, { kernels, multiply, batchMax });
      });
      const block = kernels.allocF32(batchMax * d);
      for (let start = 0; start < n; start += batchMax) {
        const count = Math.min(batchMax, n - start);
        block.set(x.subarray(start * d, (start + count) * d));
        checkFinite(kernels, "x", block, count, d, start);
        if (inputs !== null) applyScale(block, count, inputs, block);
        for (const [member, network] of bound.entries()) {
          const outputs = (await network.forward(block, count)) as Float32Array;
          for (let i = 0; i < count * this.nOutputs; i++) {
            const j = i % this.nOutputs;
            outputs[i] = targets.mean[j] + targets.deviation[j] * outputs[i];
          }
          await use(outputs, start, count, member, network.inputs[network.inputs.length - 1] as Float32Array);
        }
      }
    });
  }
}
