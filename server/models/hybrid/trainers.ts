import type { z } from "zod";
import { AppError } from "@/server/errors";
import { checkInput, targetWidth } from "../checkInput";
import type { TaskKind, Trainer, TrainingInput } from "../port";
import { networkFit } from "./fitNetwork";
import { softmaxFit } from "./fitSoftmax";
import { readHybridModel } from "./hybridModel";
import type { LayerSpec } from "./layers";
import { outputSize } from "./layers";
import type { ConvnetOptions } from "./options";
import { convnetOptions, mlpOptions, softmaxOptions } from "./options";
import type { HybridPlan } from "./trainHybrid";
import { trainHybrid } from "./trainHybrid";

/** Multinomial logistic regression. */
export const softmaxTrainer = hybridTrainer("softmax", softmaxOptions, ["classes"], (options, input) => {
  const layers: LayerSpec[] = denseLayers(input.d, [], targetWidth(input.target));
  return { ...options, trainerId: "softmax", layers, fit: softmaxFit(layers, options) };
});

/** Fully connected network; with no hidden layers a linear model for any task kind. */
export const mlpTrainer = hybridTrainer("mlp", mlpOptions, ["classes", "multiLabel", "number"], (options, input) => {
  const layers = denseLayers(input.d, options.hidden, targetWidth(input.target));
  return { ...options, trainerId: "mlp", layers, fit: networkFit(layers, options) };
});

/** Small convolutional network over images. */
export const convnetTrainer = hybridTrainer(
  "convnet",
  convnetOptions,
  ["classes", "multiLabel", "number"],
  (options, input) => {
    const layers = convnetLayers(options, input);
    return { ...options, trainerId: "convnet", layers, scaling: "image", fit: networkFit(layers, options) };
  },
);

function hybridTrainer<Options>(
  id: string,
  schema: z.ZodType<Options>,
  taskKinds: readonly TaskKind[],
  plan: (options: Options, input: TrainingInput) => HybridPlan,
): Trainer {
  return {
    id,
    async train(input, context) {
      const options = checkInput(input, schema, taskKinds, context.kernels);
      return trainHybrid(plan(options, input), input, context);
    },
    deserialize: (bytes, context) => readHybridModel(id, bytes, context),
  };
}

function denseLayers(inputs: number, hidden: readonly number[], outputs: number): LayerSpec[] {
  const sizes = [inputs, ...hidden, outputs];
  return sizes.slice(1).map((size, index) => ({
    kind: "dense",
    inputs: sizes[index],
    outputs: size,
    isRelu: index < hidden.length,
  }));
}

function convnetLayers({ image, filters, filterSize, hidden }: ConvnetOptions, input: TrainingInput): LayerSpec[] {
  let { height, width, channels } = image;
  if (height * width * channels !== input.d) {
    throw new AppError(
      "E_BAD_INPUT",
      `The model input is wrong at options.image: ${height}×${width}×${channels} = ${height * width * channels} values ` +
        `per image were expected, but items have ${input.d} features.`,
      { details: { field: "options.image" } },
    );
  }
  const layers: LayerSpec[] = [];
  for (const count of filters) {
    layers.push({ kind: "conv", height, width, channels, filters: count, size: filterSize });
    channels = count;
    if (height < 2 || width < 2) continue;
    layers.push({ kind: "pool", height, width, channels });
    height = Math.floor(height / 2);
    width = Math.floor(width / 2);
  }
  return [...layers, ...denseLayers(outputSize(layers[layers.length - 1]), hidden, targetWidth(input.target))];
}
