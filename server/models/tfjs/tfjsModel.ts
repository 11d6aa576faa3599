import type { io, Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { AppError } from "@/server/errors";
import { checkFinite, checkRows } from "../checkInput";
import { exclusive } from "../exclusive";
import type { FeatureScale } from "../hybrid/scaleFeatures";
import { copyScaledRows } from "../hybrid/scaleFeatures";
import { readModelFile, writeModelFile } from "../modelFile";
import type { ComputeContext, TaskKind, TrainedModel, TrainingMetrics, TrainingRemark } from "../port";
import { loadNetwork, networkShape } from "./loadNetwork";
import type { Tensorflow } from "./openTensorflow";
import { openTensorflow } from "./openTensorflow";
import type { TfjsOptions } from "./options";

const TRAINER_ID = "tfjs";
/** Rows predicted at a time. */
const BLOCK_ROWS = 256;

export interface TfjsParts {
  taskKind: TaskKind;
  backendChoice: TfjsOptions["backend"];
  scale: FeatureScale;
  /** Regression: outputs are multiplied and shifted back into their units. */
  targetScale: FeatureScale | undefined;
  metrics: TrainingMetrics;
  remarks: TrainingRemark[];
  topology: Record<string, unknown>;
  weightSpecs: io.WeightsManifestEntry[];
  weightData: ArrayBuffer;
}

interface StoredHeader {
  taskKind: TaskKind;
  backendChoice: TfjsOptions["backend"];
  hasTargetScale: boolean;
  inputDim: number;
  nOutputs: number;
  metrics: TrainingMetrics;
  remarks: TrainingRemark[];
  topology: Record<string, unknown>;
  weightSpecs: io.WeightsManifestEntry[];
}

export async function openTfjsModel(parts: TfjsParts, context: ComputeContext): Promise<TrainedModel> {
  const tensorflow = await openTensorflow(parts.backendChoice, context.kernels);
  const { topology, weightSpecs: specs, weightData: data, remarks } = parts;
  const network = await loadNetwork(tensorflow, topology, { specs, data });
  const all = tensorflow.remark === undefined ? remarks : [...remarks, tensorflow.remark];
  return new TfjsModel(parts, all, tensorflow, network, context);
}

/** @throws AppError E_STORAGE when the bytes are damaged or belong to another trainer. */
export async function readTfjsModel(bytes: Uint8Array, context: ComputeContext): Promise<TrainedModel> {
  const file = readModelFile(bytes);
  if (file.trainerId !== TRAINER_ID) {
    throw new AppError(
      "E_STORAGE",
      `The model was trained by ${file.trainerId}; it cannot be opened as ${TRAINER_ID}.`,
    );
  }
  const { hasTargetScale, ...header } = file.header as StoredHeader;
  const [shift, factor, targetShift, targetFactor, weights] = file.arrays;
  const targetScale = hasTargetScale ? { shift: targetShift, factor: targetFactor } : undefined;
  const parts = { ...header, scale: { shift, factor }, targetScale, weightData: weights.buffer as ArrayBuffer };
  return openTfjsModel(parts, context);
}

class TfjsModel implements TrainedModel {
  readonly trainerId = TRAINER_ID;
  readonly taskKind: TaskKind;
  readonly inputDim: number;
  readonly nOutputs: number;
  readonly backend: string;
  readonly metrics: TrainingMetrics;
  readonly logits: TrainedModel["logits"];
  private readonly inputShape: number[];

  constructor(
    private readonly parts: TfjsParts,
    readonly remarks: readonly TrainingRemark[],
    private readonly tensorflow: Tensorflow,
    private readonly network: LayersModel,
    private readonly context: ComputeContext,
  ) {
    this.taskKind = parts.taskKind;
    this.metrics = parts.metrics;
    this.backend = tensorflow.backend;
    this.inputDim = parts.scale.shift.length;
    this.nOutputs = network.outputs[0].shape[1] as number;
    this.inputShape = networkShape(network, this.inputDim, this.nOutputs);
    this.logits = parts.taskKind === "number" ? undefined : (x, n, out) => this.run(false, x, n, out);
  }

  predict(x: Float32Array, n: number, out: Float32Array): Promise<void> {
    return this.run(true, x, n, out);
  }

  private run(isCalibrated: boolean, x: Float32Array, n: number, out: Float32Array): Promise<void> {
    const { kernels } = this.context;
    const { inputDim: d, nOutputs: c } = this;
    checkRows("x", x, n, d);
    checkRows("out", out, n, c);
    return exclusive(kernels, async () => {
      for (let start = 0; start < n; start += BLOCK_ROWS) {
        const count = Math.min(BLOCK_ROWS, n - start);
        const rows = x.subarray(start * d, (start + count) * d);
        checkFinite(kernels, "x", rows, count, d, start);
        const scaled = new Float32Array(count * d);
        copyScaledRows(
          rows,
          d,
          Int32Array.from({ length: count }, (_, i) => i),
          this.parts.scale,
          scaled,
        );
        const outputs = await networkOutputs(this.tensorflow, this.network, scaled, count, this.inputShape);
        if (isCalibrated) this.finish(outputs, count);
        out.set(outputs, start * c);
      }
    });
  }

  private finish(outputs: Float32Array, n: number): void {
    const { kernels } = this.context;
    const { temperature } = this.metrics;
    const { targetScale } = this.parts;
    if (this.taskKind === "classes") kernels.softmaxRows(outputs, n, this.nOutputs, temperature);
    if (this.taskKind === "multiLabel") kernels.sigmoid(outputs, n * this.nOutputs, temperature);
    if (targetScale !== undefined) {
      for (let i = 0; i < outputs.length; i++) {
        const j = i % this.nOutputs;
        outputs[i] = outputs[i] / targetScale.factor[j] + targetScale.shift[j];
      }
    }
  }

  serialize(): Uint8Array {
    const { taskKind, backendChoice, scale, targetScale, remarks, topology, weightSpecs, weightData } = this.parts;
    const header: StoredHeader = {
      taskKind,
      backendChoice,
      hasTargetScale: targetScale !== undefined,
      inputDim: this.inputDim,
      nOutputs: this.nOutputs,
      metrics: { ...this.metrics, durationMs: null },
      remarks,
      topology,
      weightSpecs,
    };
    const none = new Float32Array(0);
    const target = targetScale ?? { shift: none, factor: none };
    const arrays = [scale.shift, scale.factor, target.shift, target.factor, new Float32Array(weightData)];
    return writeModelFile({ trainerId: TRAINER_ID, header, arrays });
  }

  dispose(): void {
    this.network.dispose();
  }
}

/** Outputs of scaled rows, n×c. */
export async function networkOutputs(
  { core }: Tensorflow,
  network: LayersModel,
  scaled: Float32Array,
  n: number,
  inputShape: readonly number[],
): Promise<Float32Array> {
  const input = core.tensor(scaled, [n, ...inputShape]);
  const output = core.tidy(() => network.predictOnBatch(input) as Tensor);
  const values = (await output.data()) as Float32Array;
  core.dispose([input, output]);
  // The backend may answer with a view of its heap.
  return values.slice();
}
