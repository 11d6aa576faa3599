import { AppError } from "@/server/errors";
import { convnetOptions, mlpOptions, softmaxOptions } from "./hybrid/options";
import type { TrainerEntry } from "./port";
import { regressionOptions } from "./regression/options";
import { tfjsOptions } from "./tfjs/options";

/** Every trainer. What loads a compute library stands behind `load`, so that listing them loads none. */
export const TRAINERS: readonly TrainerEntry[] = [
  {
    id: "softmax",
    title: "Logistic regression",
    description: "One linear layer. The quickest to train and hard to beat while labels are few.",
    taskKinds: ["classes"],
    optionsSchema: softmaxOptions,
    load: async () => (await import("./hybrid/trainers")).softmaxTrainer,
  },
  {
    id: "mlp",
    title: "Neural network",
    description: "Fully connected layers, for one class, several labels or numbers.",
    taskKinds: ["classes", "multiLabel", "number"],
    optionsSchema: mlpOptions,
    load: async () => (await import("./hybrid/trainers")).mlpTrainer,
  },
  {
    id: "convnet",
    title: "Convolutional network",
    description: "Learns small filters over images whose pixels are the features.",
    taskKinds: ["classes", "multiLabel", "number"],
    optionsSchema: convnetOptions,
    load: async () => (await import("./hybrid/trainers")).convnetTrainer,
  },
  {
    id: "regression",
    title: "Network for numbers",
    description: "Two wide layers whose gradients tell batch selection which numbers to ask for next.",
    taskKinds: ["number"],
    optionsSchema: regressionOptions,
    load: async () => (await import("./regression/trainer")).regressionTrainer,
  },
  {
    id: "tfjs",
    title: "TensorFlow.js network",
    description: "A LayersModel you supply as JSON, trained with TensorFlow.js.",
    taskKinds: ["classes", "multiLabel", "number"],
    optionsSchema: tfjsOptions,
    load: async () => (await import("./tfjs/trainer")).tfjsTrainer,
  },
];

/** @throws AppError E_NOT_FOUND for an unknown id, naming the known ones. */
export function trainerEntry(id: string): TrainerEntry {
  const entry = TRAINERS.find((trainer) => trainer.id === id);
  if (entry !== undefined) return entry;
  const known = TRAINERS.map((trainer) => trainer.id).join(", ");
  throw new AppError("E_NOT_FOUND", `There is no trainer "${id}". Choose one of ${known}.`, { details: { id } });
}
