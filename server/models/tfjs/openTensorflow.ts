import { createRequire } from "node:module";
import { AppError } from "@/server/errors";
import type { Kernels } from "@/strategies/kernels";
import type { TrainingRemark } from "../port";
import { installWasmKernels } from "./wasmKernels";

export type Core = typeof import("@tensorflow/tfjs-core");
export type Layers = typeof import("@tensorflow/tfjs-layers");

export interface Tensorflow {
  core: Core;
  layers: Layers;
  /** Such as "tfjs 4.22.0: wasm". */
  backend: string;
  backendName: "tensorflow" | "wasm" | "cpu";
  /** Why the backend that was to be expected is not the one in use. */
  remark: TrainingRemark | undefined;
}

/** How the optional peer is found and loaded; tests put their own in. */
export interface TfjsNodePackage {
  isInstalled(): boolean;
  load(): Promise<unknown>;
}

/** The name is put together so that bundlers and type checkers, which would want it installed, do not see it. */
const TFJS_NODE = ["@tensorflow", "tfjs-node"].join("/");

const installedTfjsNode: TfjsNodePackage = {
  isInstalled() {
    try {
      createRequire(import.meta.url).resolve(TFJS_NODE);
      return true;
    } catch {
      // Resolving fails for one reason: it is not there, which an optional peer may be.
      return false;
    }
  },
  load: () => import(TFJS_NODE),
};

/** tfjs-node calls util.isNullOrUndefined in every operation; Node 23 removed it. */
const NODE_MAJOR_MAX = 22;

/**
 * Loads TensorFlow.js and makes the backend current. `auto` takes tfjs-node where it is installed and loads, then WASM,
 * then plain JavaScript; what was skipped for another reason than not being installed is said in the remark.
 *
 * @throws AppError E_PRECONDITION when a backend asked for by name cannot be had.
 */
export async function openTensorflow(
  choice: "auto" | "tensorflow" | "wasm" | "cpu",
  kernels: Kernels,
  tfjsNode: TfjsNodePackage = installedTfjsNode,
): Promise<Tensorflow> {
  const core = await import("@tensorflow/tfjs-core");
  const layers = await import("@tensorflow/tfjs-layers");
  // Leaves out debug checks and the cpu backend's banner on the console.
  core.enableProdMode();
  const reasons: string[] = [];
  const candidates = choice === "auto" ? (["tensorflow", "wasm", "cpu"] as const) : [choice];
  for (const backendName of candidates) {
    const problem = await startBackend(core, backendName, kernels, tfjsNode);
    if (problem === undefined) {
      const remark = reasons.length === 0 ? undefined : fallbackRemark(backendName, reasons);
      return { core, layers, backendName, remark, backend: `tfjs ${core.version_core}: ${describe(backendName)}` };
    }
    if (choice !== "auto") {
      throw new AppError(
        "E_PRECONDITION",
        `The TensorFlow.js backend "${backendName}" cannot be used: ${problem}. Choose backend "auto" or another one.`,
      );
    }
    if (problem !== NOT_INSTALLED) reasons.push(`${backendName}: ${problem}`);
  }
  throw new AppError("E_PRECONDITION", `No TensorFlow.js backend can be used: ${reasons.join("; ")}.`);
}

const NOT_INSTALLED = "@tensorflow/tfjs-node is not installed";

/** Starts a backend; answers what keeps it from starting. */
async function startBackend(
  core: Core,
  name: Tensorflow["backendName"],
  kernels: Kernels,
  tfjsNode: TfjsNodePackage,
): Promise<string | undefined> {
  try {
    if (name === "tensorflow") {
      const problem = await loadTfjsNode(core, tfjsNode);
      if (problem !== undefined) return problem;
    } else if (name === "wasm") {
      await import("@tensorflow/tfjs-backend-wasm");
    } else {
      await import("@tensorflow/tfjs-backend-cpu");
    }
    if (core.getBackend() !== name && !(await core.setBackend(name))) return "it does not start";
    if (name === "wasm") installWasmKernels(core, kernels);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function loadTfjsNode(core: Core, tfjsNode: TfjsNodePackage): Promise<string | undefined> {
  if (!tfjsNode.isInstalled()) return NOT_INSTALLED;
  if (Number(process.versions.node.split(".")[0]) > NODE_MAJOR_MAX) {
    return `tfjs-node needs Node ${NODE_MAJOR_MAX} or lower, this is ${process.versions.node}`;
  }
  try {
    await tfjsNode.load();
  } catch (error) {
    return `tfjs-node does not load (${String(error)})`;
  }
  return core.findBackend("tensorflow") === null ? "tfjs-node brought its own copy of tfjs-core" : undefined;
}

function describe(name: Tensorflow["backendName"]): string {
  if (name === "tensorflow") return "tensorflow (tfjs-node)";
  return name === "wasm" ? "wasm, gradients of convolutions and matrix products on wasm-simd kernels" : "cpu";
}

function fallbackRemark(name: string, reasons: string[]): TrainingRemark {
  return { code: "backend-fallback", message: `TensorFlow.js runs on its ${name} backend (${reasons.join("; ")}).` };
}
