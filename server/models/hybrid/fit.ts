import type { Kernels, LossArguments } from "@/strategies/kernels";
import type { TrainingContext, TrainingTarget } from "../port";
import type { GemmProvider } from "./gemmProvider";
import type { BoundNetwork } from "./network";
import type { Rows } from "./rows";
import { sliceRows } from "./rows";

/** One run of an optimiser. All arrays lie in kernel memory, which the caller releases. */
export type Fit = (request: FitRequest) => Promise<FitProgress>;

export interface FitRequest {
  train: Rows;
  /** Watched for early stopping; undefined: run the full length. */
  heldOut: Rows | undefined;
  /** Exactly this many epochs or iterations (a refit); undefined: as the options say. */
  length: number | undefined;
  seed: string;
  context: TrainingContext;
  gemm: GemmProvider["gemm"];
}

/** What a run has found so far. */
export class FitProgress {
  /** Parameters of the best epoch. */
  readonly parameters: Float32Array;
  readonly trainLoss: number[] = [];
  readonly heldOutLossCurve: number[] = [];
  /** Epochs or iterations after which `parameters` were reached. */
  bestEpoch = 0;
  earlyStopped = false;
  private bestLoss = Number.POSITIVE_INFINITY;

  constructor(
    kernels: Kernels,
    nParameters: number,
    private readonly patience: number,
  ) {
    this.parameters = kernels.allocF32(nParameters);
  }

  /** Keeps the parameters when they are the best yet; without a held-out loss the latest are. */
  record(parameters: Float32Array, trainLoss: number, heldOutLoss: number | undefined): void {
    this.trainLoss.push(trainLoss);
    if (heldOutLoss !== undefined) this.heldOutLossCurve.push(heldOutLoss);
    if (heldOutLoss === undefined || heldOutLoss < this.bestLoss) {
      this.bestLoss = heldOutLoss ?? this.bestLoss;
      this.parameters.set(parameters);
      this.bestEpoch = this.trainLoss.length;
    } else {
      this.earlyStopped = this.trainLoss.length - this.bestEpoch >= this.patience;
    }
  }

  message(): string {
    const heldOut = this.heldOutLossCurve.at(-1);
    const suffix = heldOut === undefined ? "" : `, held-out loss ${heldOut.toFixed(4)}`;
    return `Pass ${this.trainLoss.length}: loss ${(this.trainLoss.at(-1) ?? 0).toFixed(4)}${suffix}`;
  }
}

/** Summed weighted loss of a task kind; the gradient, when asked for, is of that sum times `gradientScale`. */
export function targetLoss(kernels: Kernels, shared: LossArguments, target: TrainingTarget): number {
  if (target.kind === "classes") return kernels.softmaxCrossEntropy({ ...shared, labels: target.labels });
  if (target.kind === "multiLabel") return kernels.sigmoidCrossEntropy({ ...shared, targets: target.labels });
  return kernels.squaredError({ ...shared, targets: target.values });
}

/** Runs rows through a network, at most `batchMax` at a time. */
export async function forEachOutput(
  network: BoundNetwork,
  rows: Rows,
  batchMax: number,
  use: (outputs: Float32Array, part: Rows) => void,
): Promise<void> {
  for (let start = 0; start < rows.n; start += batchMax) {
    const part = sliceRows(rows, start, Math.min(rows.n, start + batchMax));
    use(await network.forward(part.x, part.n), part);
  }
}
