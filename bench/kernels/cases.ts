import { networkFit } from "@/server/models/hybrid/fitNetwork";
import { openGemm } from "@/server/models/hybrid/gemmProvider";
import type { LayerSpec } from "@/server/models/hybrid/layers";
import { trainerEntry } from "@/server/models/registry";
import { KeyedRandom } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import { createReferenceKernels } from "@/strategies/kernels";

export interface CaseResult {
  name: string;
  library: string;
  cpuMs: number;
}

type Recorder = (name: string, library: string, run: () => void | Promise<void>, repetitions?: number) => Promise<void>;

/** Runs every case once; `noteBackend` learns what the matrix products of the hybrid engine ran on. */
export async function runCases(
  kernels: Kernels,
  isSmall: boolean,
  noteBackend: (backend: string) => void,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const record: Recorder = async (name, library, run, repetitions = 5) => {
    await run();
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < (isSmall ? 1 : repetitions); i++) best = Math.min(best, await cpuMsOf(run));
    results.push({ name, library, cpuMs: best });
  };
  const scale = isSmall ? 20 : 1;
  for (const measure of [measureGemm, measureRows, measureFactor]) {
    const mark = kernels.mark();
    await measure(kernels, scale, record);
    kernels.release(mark);
  }
  for (const epochCase of epochCases()) results.push(...(await measureEpochs(kernels, scale, epochCase, noteBackend)));
  results.push(...(await measureProduct(kernels, scale)));
  return results;
}

async function cpuMsOf(run: () => void | Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await run();
  const used = process.cpuUsage(start);
  return (used.user + used.system) / 1e3;
}

/** Fills with values in [−1, 1). */
function noise(array: Float32Array | Float64Array, seed: number): void {
  let state = seed >>> 0;
  for (let i = 0; i < array.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    array[i] = state / 2 ** 31 - 1;
  }
}

async function measureGemm(kernels: Kernels, scale: number, record: Recorder): Promise<void> {
  const [m, n, k] = [Math.floor(4096 / scale), 512, 512];
  const [a, b, out] = [kernels.allocF32(m * k), kernels.allocF32(k * n), kernels.allocF32(m * n)];
  noise(a, 1);
  noise(b, 2);
  const name = "gemm 4096×512×512";
  await record(name, "wasm", () => kernels.gemm({ m, n, k, a, b, out }));
  const context = { kernels, monotonicMs: () => performance.now() };
  const hybrid = await openGemm(context, "auto");
  await record(name, "hybrid", () => hybrid.gemm({ m, n, k, a, b, out }));
  const reference = createReferenceKernels();
  await record(name, "reference", () => reference.gemm({ m, n, k, a, b, out }), 1);
}

async function measureRows(kernels: Kernels, scale: number, record: Recorder): Promise<void> {
  const [n, d] = [100_000 / scale, 512];
  const x = kernels.allocF32(n * d);
  const [norms, minDist, center] = [kernels.allocF32(n), kernels.allocF32(n), kernels.allocF32(d)];
  noise(x, 3);
  kernels.rowNorms(x, n, d, norms);
  center.set(x.subarray(0, d));
  minDist.fill(1e9);
  const outside = x.slice();
  const reference = createReferenceKernels();
  const update = (used: Kernels, rows: Float32Array) => () => {
    used.distanceUpdate({ x: rows, n, d, norms, center, centerNorm: norms[0], minDist });
  };
  await record("distanceUpdate 100k×512", "wasm", update(kernels, x));
  await record("distanceUpdate 100k×512", "wasm, rows outside", update(kernels, outside));
  await record("distanceUpdate 100k×512", "reference", update(reference, x), 1);

  const [nRows, c] = [1_000_000 / scale, 10];
  const logits = new Float32Array(nRows * c);
  noise(logits, 4);
  const p = kernels.allocF32(nRows * c);
  const out = {
    top1: kernels.allocF32(nRows),
    top2: kernels.allocF32(nRows),
    argmax: kernels.allocI32(nRows),
    entropy: kernels.allocF32(nRows),
  };
  const statistics = (used: Kernels) => () => {
    p.set(logits);
    used.softmaxRows(p, nRows, c, 1);
    used.rowStats(p, nRows, c, out);
  };
  await record("softmax + rowStats 1M×10", "wasm", statistics(kernels));
  await record("softmax + rowStats 1M×10", "reference", statistics(reference), 1);
}

async function measureFactor(kernels: Kernels, scale: number, record: Recorder): Promise<void> {
  for (const size of scale > 1 ? [64] : [512, 1024]) {
    const a = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) a[i * size + j] = i === j ? size : 1 / (1 + Math.abs(i - j));
    }
    const l = kernels.allocF64(size * size);
    const b = kernels.allocF64(size * 64).fill(1);
    const factor = (used: Kernels) => () => {
      l.set(a);
      used.cholesky(l, size);
    };
    await record(`cholesky ${size}`, "reference", factor(createReferenceKernels()), 1);
    await record(`cholesky ${size}`, "wasm", factor(kernels));
    await record(`choleskySolve ${size}, 64 right sides`, "wasm", () => kernels.choleskySolve(l, size, b, 64));
  }
}

interface EpochCase {
  name: string;
  layers: LayerSpec[];
}

function epochCases(): EpochCase[] {
  const dense = (inputs: number, outputs: number, isRelu: boolean): LayerSpec => ({
    kind: "dense",
    inputs,
    outputs,
    isRelu,
  });
  return [
    { name: "epoch softmax 20k×512→10", layers: [dense(512, 10, false)] },
    { name: "epoch mlp 20k×512→256→10", layers: [dense(512, 256, true), dense(256, 10, false)] },
  ];
}

/** Best epoch of four after the first, batches of 256, Adam, shuffled, from rows in kernel memory. */
async function measureEpochs(
  kernels: Kernels,
  scale: number,
  { name, layers }: EpochCase,
  noteBackend: (backend: string) => void,
): Promise<CaseResult[]> {
  const n = 20_000 / scale;
  const results: CaseResult[] = [];
  for (const [library, choice] of [
    ["hybrid", "auto"],
    ["wasm", "wasm"],
  ] as const) {
    const mark = kernels.mark();
    const x = kernels.allocF32(n * 512);
    noise(x, 5);
    const labels = kernels.allocI32(n).map((_, i) => (i * 7919) % 10);
    const laps: number[] = [];
    let start = process.cpuUsage();
    const context = {
      kernels,
      monotonicMs: () => performance.now(),
      signal: { aborted: false },
      progress: () => {
        const used = process.cpuUsage(start);
        laps.push((used.user + used.system) / 1e3);
        start = process.cpuUsage();
      },
    };
    const { gemm, backend } = await openGemm(context, choice);
    if (choice === "auto") noteBackend(backend);
    const train = networkFit(layers, { learningRate: 1e-3, epochs: 5, patience: 5, batchSize: 256, l2: 0 });
    const target = { kind: "classes", labels, nClasses: 10 } as const;
    const rows = { x, n, d: 512, target, rowWeights: undefined };
    await train({ train: rows, heldOut: undefined, length: undefined, seed: "bench", context, gemm });
    results.push({ name, library, cpuMs: Math.min(...laps.slice(1)) });
    kernels.release(mark);
  }
  return results;
}

/** What a project sees: training its default model on 10,000 labels, and predicting a pool of 100,000 items. */
async function measureProduct(kernels: Kernels, scale: number): Promise<CaseResult[]> {
  const [n, d, c, nPool] = [10_000 / scale, 256, 77, 100_000 / scale];
  const random = new KeyedRandom("bench", "product");
  const centers = new Float32Array(c * d);
  noise(centers, 6);
  const labels = Int32Array.from({ length: n }, (_, i) => random.below(c, i));
  const x = new Float32Array(n * d);
  noise(x, 7);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) x[i * d + j] += 0.4 * centers[labels[i] * d + j];
  const pool = new Float32Array(nPool * d);
  for (let i = 0; i < nPool; i++) pool.set(x.subarray((i % n) * d, ((i % n) + 1) * d), i * d);
  const out = new Float32Array(nPool * c);
  const results: CaseResult[] = [];
  for (const [library, gemm] of [
    ["hybrid", "auto"],
    ["wasm", "wasm"],
  ] as const) {
    const trainer = await trainerEntry("softmax").load();
    const input = {
      x,
      n,
      d,
      target: { kind: "classes", labels, nClasses: c } as const,
      classWeights: "none" as const,
      seed: "bench",
      options: { gemm },
    };
    const context = {
      kernels,
      monotonicMs: () => performance.now(),
      progress: () => undefined,
      signal: { aborted: false },
    };
    let model = await trainer.train(input, context);
    const trainMs = await cpuMsOf(async () => {
      model = await trainer.train(input, context);
    });
    results.push({ name: "train softmax head 10k×256, 77 classes", library, cpuMs: trainMs });
    await model.predict(pool, nPool, out);
    results.push({
      name: "predict 100k×256, 77 classes",
      library,
      cpuMs: await cpuMsOf(() => model.predict(pool, nPool, out)),
    });
  }
  return results;
}
