import type { InferenceSession, Tensor } from "onnxruntime-node";
import { AppError } from "@/server/errors";
import type { Kernels } from "@/strategies/kernels";
import type { ComputeContext, TrainingRemark } from "../port";
import type { GemmForm } from "./onnxGemmModel";
import { onnxGemmModel } from "./onnxGemmModel";

/** `auto` takes onnxruntime-node where it loads, else the WASM kernels. */
export type GemmChoice = "auto" | "wasm" | "ort";

export interface GemmArguments {
  m: number;
  n: number;
  k: number;
  a: Float32Array;
  b: Float32Array;
  /** m×n, overwritten. */
  out: Float32Array;
  transA?: boolean;
  transB?: boolean;
  /** n values added to every row. */
  bias?: Float32Array;
}

export interface GemmProvider {
  /** Such as "hybrid: wasm-simd + onnxruntime-node 1.30.0". */
  readonly backend: string;
  /** Set when the choice was `auto` and the fast provider could not be loaded. */
  readonly remark: TrainingRemark | undefined;
  /** out = op(a)·op(b) (+ bias); arrays are used in place. Await it before touching them. */
  gemm(args: GemmArguments): Promise<void> | void;
}

type Ort = typeof import("onnxruntime-node");

/** Below this the 15 µs of a session call cost more than the kernel's slower arithmetic. */
const SESSION_FLOPS_MIN = 1_000_000;
/** With a shorter inner dimension the session spends its time on the output: 200 µs against 70 for 256×256×16. */
const SESSION_K_MIN = 48;

const providers = new WeakMap<Kernels, Map<string, Promise<GemmProvider>>>();

/**
 * The matrix product of the hybrid engine: one provider per kernels, choice and thread count, kept for the life of the
 * process because a session takes milliseconds to make.
 *
 * @throws AppError E_PRECONDITION when `ort` is asked for and onnxruntime-node cannot be loaded.
 */
export function openGemm(context: ComputeContext, choice: GemmChoice): Promise<GemmProvider> {
  const { kernels, threads = 1 } = context;
  const known = providers.get(kernels) ?? new Map<string, Promise<GemmProvider>>();
  providers.set(kernels, known);
  const key = `${choice}/${threads}`;
  const provider = known.get(key) ?? createProvider(kernels, choice, threads);
  known.set(key, provider);
  return provider;
}

async function createProvider(kernels: Kernels, choice: GemmChoice, threads: number): Promise<GemmProvider> {
  if (choice === "wasm") return kernelProvider(kernels, undefined);
  try {
    return sessionProvider(kernels, await import("onnxruntime-node"), threads);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (choice === "ort") {
      throw new AppError(
        "E_PRECONDITION",
        `onnxruntime-node could not be loaded (${reason}). Install it for this platform, or choose gemm "auto" or "wasm".`,
        { cause },
      );
    }
    const message = `onnxruntime-node could not be loaded (${reason}); matrix products run on the WASM kernels, about twice as slow.`;
    return kernelProvider(kernels, { code: "gemm-on-wasm", message });
  }
}

function kernelProvider(kernels: Kernels, remark: TrainingRemark | undefined): GemmProvider {
  return { backend: `hybrid: ${nameOf(kernels)} only`, remark, gemm: (args) => kernelGemm(kernels, args) };
}

function nameOf(kernels: Kernels): string {
  return kernels.kind === "wasm" ? "wasm-simd" : "reference kernels";
}

function sessionProvider(kernels: Kernels, ort: Ort, threads: number): GemmProvider {
  const sessions = new Map<string, Promise<InferenceSession>>();
  const sessionFor = (form: GemmForm): Promise<InferenceSession> => {
    const key = `${form.transA}/${form.transB}`;
    const session = sessions.get(key) ?? ort.InferenceSession.create(onnxGemmModel(form), sessionOptions(threads));
    sessions.set(key, session);
    return session;
  };
  return {
    backend: `hybrid: ${nameOf(kernels)} + onnxruntime-node ${ort.env.versions.node}`,
    remark: undefined,
    gemm: (args) => {
      const { m, n, k, transA = false, transB = false } = args;
      const isSmall = 2 * m * n * k < SESSION_FLOPS_MIN || k < SESSION_K_MIN;
      if (isSmall && kernels.kind === "wasm") return kernelGemm(kernels, args);
      return sessionGemm(ort, sessionFor({ transA, transB }), args).then(() => addBias(kernels, args));
    },
  };
}

function kernelGemm(kernels: Kernels, args: GemmArguments): void {
  kernels.gemm(args);
  addBias(kernels, args);
}

/** Gemm can add a bias itself, but spreads it over the rows first, which takes a quarter of the product's time. */
function addBias(kernels: Kernels, { m, n, out, bias }: GemmArguments): void {
  if (bias !== undefined) kernels.addBias(out, m, n, bias);
}

async function sessionGemm(ort: Ort, opening: Promise<InferenceSession>, args: GemmArguments): Promise<void> {
  const { m, n, k, a, b, out, transA = false, transB = false } = args;
  const session = await opening;
  const feeds: Record<string, Tensor> = {
    A: new ort.Tensor("float32", a.subarray(0, m * k), transA ? [k, m] : [m, k]),
    B: new ort.Tensor("float32", b.subarray(0, k * n), transB ? [n, k] : [k, n]),
  };
  // The output tensor lies on our memory: the session writes in place and nothing is copied.
  await session.run(feeds, { Y: new ort.Tensor("float32", out.subarray(0, m * n), [m, n]) });
}

function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
    // Idle threads must not spin: other jobs share the cores.
    extra: { session: { "intra_op.allow_spinning": "0" } },
  };
}
