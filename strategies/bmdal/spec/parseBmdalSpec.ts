import { StrategyError } from "../../core/strategyError";
import type { SelectionMode } from "../selection/types";
import type { BmdalSpec, SelectionMethod, Transformation } from "./types";
import { BASE_KERNELS, SELECTION_METHODS } from "./types";

/** Noise, sketch width and ensemble size of the published benchmark. */
export const DEFAULT_SIGMA = 1e-3;
export const DEFAULT_SKETCH_DIM = 512;
export const DEFAULT_MEMBERS = 3;
const DIM_MAX = 65_536;
const MEMBERS_MAX = 64;

/** The recommended method. Source: Holzmüller et al. 2023, §6. */
export const RECOMMENDED_SPEC = "lcmd-tp / grad → sketch(512)";

/** Mode a method takes when the text names none. */
const DEFAULT_MODE: Readonly<Record<SelectionMethod, SelectionMode | null>> = {
  random: null,
  maxdiag: null,
  maxdet: "p",
  "bait-f": "p",
  "bait-fb": "p",
  fw: "p",
  maxdist: "tp",
  kmeanspp: "tp",
  lcmd: "tp",
};

/**
 * Reads a method such as `lcmd-tp / grad → sketch(512)` or `maxdet-p / ll -> train(0.001, scale)`.
 *
 * Chain: `scale`, `scale(c)`, `train(σ)`, `train(σ, scale)`, `pool(σ)`, `pool(σ, scale)`, `sketch(p)` (or `rp(p)`),
 * `ens(N)`, `acs-rf(p, σ)`, `acs-rf-hyper(p)`, `acs-grad(σ)`. `train` and `pool` without arguments scale first, because
 * their σ is meant for a mean k(x, x) of 1.
 *
 * @throws E_SPEC naming the part that is wrong and what is allowed there.
 */
export function parseBmdalSpec(text: string): BmdalSpec {
  const parts = text.split("/");
  if (parts.length !== 2) {
    throw refused(text, `one "/" between the selection method and the kernel, such as ${RECOMMENDED_SPEC}`);
  }
  const { method, mode } = parseMethod(text, parts[0].trim());
  const [base, ...steps] = parts[1].split(/→|->/).map((part) => part.trim());
  if (!isOneOf(BASE_KERNELS, base)) throw refused(text, `a base kernel (${BASE_KERNELS.join(", ")}), got "${base}"`);
  const spec: BmdalSpec = { method, mode, base, chain: steps.map((step) => parseStep(text, step)) };
  checkBmdalSpec(spec);
  return spec;
}

/** The canonical text of a spec: `parseBmdalSpec(formatBmdalSpec(spec))` is the spec. */
export function formatBmdalSpec(spec: BmdalSpec): string {
  const name = spec.mode === null ? spec.method : `${spec.method}-${spec.mode}`;
  return `${name} / ${[spec.base, ...spec.chain.map(formatStep)].join(" → ")}`;
}

/** @throws E_SPEC when a chain cannot be computed: what needs explicit features stands where there are none, and so on. */
export function checkBmdalSpec(spec: BmdalSpec): void {
  const text = formatBmdalSpec(spec);
  // grad is a sum over layers and nngp, ntk and laplace have no finite features.
  let isExplicit = spec.base === "linear" || spec.base === "ll";
  let canSketch = isExplicit || spec.base === "grad";
  for (const [at, step] of spec.chain.entries()) {
    switch (step.op) {
      case "ens":
        if (at !== 0) throw refused(text, "ens directly after the base kernel");
        if (!(spec.base === "grad" || spec.base === "ll"))
          throw refused(text, "ens after grad or ll, which belong to a network");
        isExplicit = false;
        break;
      case "sketch":
        if (!canSketch) throw refused(text, "sketch after a kernel with finite features (linear, ll, grad)");
        isExplicit = true;
        break;
      case "acs-rf":
      case "acs-rf-hyper":
        if (!isExplicit) throw refused(text, `explicit features before ${step.op}: put a sketch first`);
        break;
      case "acs-grad":
        if (!canSketch) throw refused(text, "acs-grad after a kernel with finite features");
        isExplicit = false;
        break;
      case "train":
      case "pool":
        canSketch &&= isExplicit;
        break;
      case "scale":
        break;
    }
  }
  if ((spec.method === "bait-f" || spec.method === "bait-fb") && !isExplicit) {
    throw refused(text, "explicit features for BAIT: end the chain with a sketch");
  }
}

function parseMethod(text: string, name: string): { method: SelectionMethod; mode: SelectionMode | null } {
  const suffix = /^(.*)-(tp|p)$/.exec(name);
  if (suffix !== null && isOneOf(SELECTION_METHODS, suffix[1]) && DEFAULT_MODE[suffix[1]] !== null) {
    return { method: suffix[1], mode: suffix[2] as SelectionMode };
  }
  if (isOneOf(SELECTION_METHODS, name)) return { method: name, mode: DEFAULT_MODE[name] };
  throw refused(
    text,
    `a selection method (${SELECTION_METHODS.join(", ")}) with -p or -tp where it has modes, got "${name}"`,
  );
}

function parseStep(text: string, step: string): Transformation {
  const match = /^([a-z-]+)(?:\(([^()]*)\))?$/.exec(step);
  if (match === null) throw refused(text, `a transformation such as sketch(512), got "${step}"`);
  const [, name, inside] = match;
  const words = inside === undefined || inside.trim() === "" ? [] : inside.split(",").map((word) => word.trim());
  const isScaled = words.at(-1) === "scale";
  const numbers = (isScaled ? words.slice(0, -1) : words).map(Number);
  if (numbers.some((value) => !Number.isFinite(value))) throw refused(text, `numbers in "${step}"`);
  if (isScaled && name !== "train" && name !== "pool") throw refused(text, `no "scale" in "${step}"`);
  const most = name === "acs-rf" ? 2 : 1;
  if (numbers.length > most) throw refused(text, `at most ${most} number${most === 1 ? "" : "s"} in "${step}"`);
  const sigmaAt = (index: number) => positive(text, step, numbers[index] ?? DEFAULT_SIGMA);
  const dimAt = (index: number) => integer(text, step, numbers[index] ?? DEFAULT_SKETCH_DIM, DIM_MAX);
  switch (name) {
    case "scale":
      return { op: "scale", factor: numbers.length === 0 ? null : positive(text, step, numbers[0]) };
    case "train":
    case "pool":
      return { op: name, sigma: sigmaAt(0), isScaled: isScaled || numbers.length === 0 };
    case "sketch":
    case "rp":
      return { op: "sketch", dim: dimAt(0) };
    case "ens":
      return { op: "ens", members: integer(text, step, numbers[0] ?? DEFAULT_MEMBERS, MEMBERS_MAX) };
    case "acs-rf":
      return { op: "acs-rf", dim: dimAt(0), sigma: sigmaAt(1) };
    case "acs-rf-hyper":
      return { op: "acs-rf-hyper", dim: dimAt(0) };
    case "acs-grad":
      return { op: "acs-grad", sigma: sigmaAt(0) };
    default:
      throw refused(
        text,
        `a transformation (scale, train, pool, sketch, ens, acs-rf, acs-rf-hyper, acs-grad), got "${name}"`,
      );
  }
}

function formatStep(step: Transformation): string {
  switch (step.op) {
    case "scale":
      return step.factor === null ? "scale" : `scale(${step.factor})`;
    case "train":
    case "pool":
      return `${step.op}(${step.sigma}${step.isScaled ? ", scale" : ""})`;
    case "sketch":
      return `sketch(${step.dim})`;
    case "ens":
      return `ens(${step.members})`;
    case "acs-rf":
      return `acs-rf(${step.dim}, ${step.sigma})`;
    case "acs-rf-hyper":
      return `acs-rf-hyper(${step.dim})`;
    case "acs-grad":
      return `acs-grad(${step.sigma})`;
  }
}

function positive(text: string, step: string, value: number): number {
  if (!(value > 0)) throw refused(text, `a number above 0 in "${step}"`);
  return value;
}

function integer(text: string, step: string, value: number, most: number): number {
  if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
    throw refused(text, `an integer from 1 to ${most} in "${step}"`);
  }
  return value;
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}

function refused(text: string, expected: string): StrategyError {
  return new StrategyError("E_SPEC", `"${text.trim()}": expected ${expected}.`);
}
