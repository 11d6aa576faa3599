import type { OptionSchema, OptionsSchema } from "../core/types";
import { DEFAULT_SIGMA } from "./spec/parseBmdalSpec";
import type { SelectionMethod } from "./spec/types";

/** Defaults that differ between methods: distance methods want the raw features, variance methods the posterior. */
export interface RegressionDefaults {
  readonly posterior: "none" | "train";
  readonly scale: boolean;
}

export function regressionOptions(method: SelectionMethod, defaults: RegressionDefaults): OptionsSchema {
  const isDistance = method === "lcmd" || method === "maxdist" || method === "kmeanspp";
  const properties: Record<string, OptionSchema> = {
    features: {
      type: "string",
      title: "Features",
      description: "The vectors of the items, or the predictions of an ensemble, which any kind of model can give.",
      enum: ["embeddings", "predictions"],
      default: "embeddings",
    },
    posterior: {
      type: "string",
      title: "Condition on labels",
      description: "Replace the kernel by its posterior given the labelled items (train), or leave it as it is.",
      enum: ["none", "train"],
      default: defaults.posterior,
    },
    scale: {
      type: "boolean",
      title: "Scale first",
      description: "Divide by the mean squared length of the labelled items: the noise is meant for a mean of 1.",
      default: defaults.scale,
    },
    sigma: {
      type: "number",
      title: "Noise",
      description: "Standard deviation of the label noise in units of the scaled kernel; its square is the variance.",
      minimum: 1e-9,
      maximum: 1e6,
      default: DEFAULT_SIGMA,
    },
    dtype: {
      type: "string",
      title: "Precision",
      description: "Element type; auto takes double where the method would lose its digits. Never less than it needs.",
      enum: ["auto", "f32", "f64"],
      default: "auto",
    },
  };
  if (isDistance) {
    properties.clampDistances = {
      type: "boolean",
      title: "No negative distances",
      description: "Keep squared distances at or above 0; off gives the released code's rounding.",
      default: true,
    };
  }
  if (method === "lcmd") {
    properties.clusterWeight = {
      type: "string",
      title: "Weight of a cluster",
      description: "What is summed over a cluster's items: squared distances (published), distances, or ones.",
      enum: ["squared-distance", "distance", "count"],
      default: "squared-distance",
    };
  }
  if (method === "maxdiag") {
    properties.order = {
      type: "string",
      title: "Order",
      description: "Most uncertain first, or last as the released code lists them.",
      enum: ["best-first", "published"],
      default: "best-first",
    };
  }
  return { type: "object", additionalProperties: false, properties };
}
