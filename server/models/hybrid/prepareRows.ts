import { KeyedRandom } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import type { TrainingInput, TrainingRemark, TrainingTarget } from "../port";
import { rowWeights } from "../rowWeights";
import { splitHeldOut } from "../splitHeldOut";
import type { Rows } from "./rows";
import { sliceRows } from "./rows";
import type { FeatureScale, Scaling } from "./scaleFeatures";
import { copyScaledRows, featureScale } from "./scaleFeatures";

export interface PreparedRows {
  scale: FeatureScale;
  /** Regression: outputs are (value − mean) / deviation while training. */
  targetScale: FeatureScale | undefined;
  train: Rows;
  heldOut: Rows | undefined;
  /** Training and held-out rows together. */
  all: Rows;
  remarks: TrainingRemark[];
}

/** Splits off the held-out rows, scales features (and regression targets) and lays all of it out in kernel memory. */
export function prepareRows(
  kernels: Kernels,
  input: TrainingInput,
  { holdOutShare, scaling }: { holdOutShare: number; scaling: Scaling },
): PreparedRows {
  const { x, n, d } = input;
  const split = splitHeldOut(input.target, n, holdOutShare, new KeyedRandom(String(input.seed), "held-out"));
  const scale = featureScale(x, n, d, scaling);
  const scaled = kernels.allocF32(n * d);
  copyScaledRows(x, d, split.order, scale, scaled);
  const remarks: TrainingRemark[] = split.remark === undefined ? [] : [split.remark];
  const { target, targetScale } = prepareTarget(kernels, input.target, n, split.order, remarks);
  const weights = rowWeights(input);
  let ordered: Float32Array | undefined;
  if (weights !== undefined) {
    ordered = kernels.allocF32(n);
    for (let i = 0; i < n; i++) ordered[i] = weights[split.order[i]];
  }
  const all: Rows = { x: scaled, n, d, target, rowWeights: ordered };
  const heldOut = split.nHeldOut > 0 ? sliceRows(all, split.nTrain, n) : undefined;
  return { scale, targetScale, train: sliceRows(all, 0, split.nTrain), heldOut, all, remarks };
}

function prepareTarget(
  kernels: Kernels,
  target: TrainingTarget,
  n: number,
  order: Int32Array,
  remarks: TrainingRemark[],
): { target: TrainingTarget; targetScale: FeatureScale | undefined } {
  if (target.kind === "classes") {
    const labels = kernels.allocI32(n);
    for (let i = 0; i < n; i++) labels[i] = target.labels[order[i]];
    remarkOnClasses(target.labels, n, target.nClasses, remarks);
    return { target: { ...target, labels }, targetScale: undefined };
  }
  if (target.kind === "multiLabel") {
    const labels = kernels.allocF32(n * target.nLabels);
    kernels.gatherRows({ x: target.labels, d: target.nLabels, rows: order, out: labels });
    return { target: { ...target, labels }, targetScale: undefined };
  }
  const targetScale = featureScale(target.values, n, target.nOutputs, "perFeature");
  const values = kernels.allocF32(n * target.nOutputs);
  copyScaledRows(target.values, target.nOutputs, order, targetScale, values);
  if (values.every((value) => value === 0)) {
    remarks.push({
      code: "constant-target",
      message: "All target values are equal: the model answers with that value.",
    });
  }
  return { target: { ...target, values }, targetScale };
}

function remarkOnClasses(labels: Int32Array, n: number, nClasses: number, remarks: TrainingRemark[]): void {
  const counts = new Int32Array(nClasses);
  for (let i = 0; i < n; i++) counts[labels[i]]++;
  const nEmpty = counts.filter((count) => count === 0).length;
  if (nEmpty === nClasses - 1) {
    const message = `All ${n} labels are of one class: the model answers with its share, whatever the item.`;
    remarks.push({ code: "single-class", message });
  } else if (nEmpty > 0) {
    const message = `${nEmpty} of ${nClasses} classes have no label yet: their probabilities are small everywhere.`;
    remarks.push({ code: "classes-without-labels", message });
  }
}
