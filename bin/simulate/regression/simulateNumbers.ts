import type { NtkPlan, NumberRows } from "@/server/models/regression/fitNtkNetwork";
import { fitNtkNetwork, initialNtkParameters, keyedOrders } from "@/server/models/regression/fitNtkNetwork";
import { applyScale, inputScale } from "@/server/models/regression/standardize";
import { hash128Hex, KeyedRandom } from "@/strategies";
import type { BmdalSpec, KernelRows, Multiply, NtkNetwork } from "@/strategies/bmdal/door";
import { bindNtkNetwork, drawByCumulation, METHOD_DEFAULTS, runMethod } from "@/strategies/bmdal/door";
import type { Kernels } from "@/strategies/kernels";
import type { ErrorMetrics } from "./errorMetrics";
import { errorMetrics } from "./errorMetrics";
import { methodKernel } from "./methodKernel";
import type { NumberData } from "./readNumbers";
import type { NumberSplit } from "./splits";

/** One method on one split. Entry 0 of the lists is the initial model. */
export interface NumberRun {
  readonly method: string;
  readonly split: number;
  readonly labels: number[];
  readonly metrics: ErrorMetrics[];
  readonly trainSeconds: number;
  readonly kernelSeconds: number;
  readonly selectSeconds: number;
  /** Batches that a method could not fill by itself, with the reason. */
  readonly stopped: string[];
  readonly picksHash: string;
}

export interface NumberPlan {
  readonly network: Omit<NtkPlan, "widths"> & { readonly hidden: readonly number[] };
  readonly batch: number;
  readonly rounds: number;
  readonly seed: string;
}

export interface NumberTools {
  readonly kernels: Kernels;
  readonly multiply: Multiply;
  monotonicMs(): number;
}

/** Trains a fresh network at every step, measures it on the test rows, selects with its features, and goes on. */
export async function simulateNumbers(
  data: NumberData,
  split: NumberSplit,
  splitId: number,
  method: { readonly name: string; readonly spec: BmdalSpec },
  plan: NumberPlan,
  tools: NumberTools,
): Promise<NumberRun> {
  const { kernels, monotonicMs } = tools;
  const x = scaledInputs(data, split);
  const run: NumberRun = {
    ...{ method: method.name, split: splitId, labels: [], metrics: [], stopped: [] },
    trainSeconds: 0,
    kernelSeconds: 0,
    selectSeconds: 0,
    picksHash: "",
  };
  const seconds = { train: 0, kernel: 0, select: 0 };
  const members = method.spec.chain[0]?.op === "ens" ? method.spec.chain[0].members : 1;
  const validation = rowsOf(data, x, split.validation);
  let train = split.train;
  let pool = split.pool;
  const picked: string[] = [];
  for (let round = 0; ; round++) {
    const mark = kernels.mark();
    const start = monotonicMs();
    const networks: NtkNetwork[] = [];
    // Equal for all methods of a split while they have the same labels: differences are paired.
    for (let member = 0; member < members; member++) {
      const seed = `${plan.seed}/${splitId}/${round}/${member}`;
      networks.push(await fitOne(rowsOf(data, x, train), validation, data.d, plan, seed, tools));
    }
    seconds.train += (monotonicMs() - start) / 1000;
    run.labels.push(train.length);
    run.metrics.push(await measured(networks, data, x, split.test, tools));
    if (round === plan.rounds || pool.length === 0) break;
    const count = Math.min(plan.batch, pool.length);
    const picks = await select(
      method.spec,
      networks,
      data,
      x,
      train,
      pool,
      count,
      `${plan.seed}/${splitId}/${round}`,
      tools,
      seconds,
      run.stopped,
    );
    kernels.release(mark);
    const chosen = new Set(picks);
    picked.push([...picks].sort((a, b) => a - b).join());
    // Picks join the labelled rows in the order of the pool.
    train = Uint32Array.from([...train, ...pool.filter((_, i) => chosen.has(i))]);
    pool = pool.filter((_, i) => !chosen.has(i));
  }
  return {
    ...run,
    trainSeconds: seconds.train,
    kernelSeconds: seconds.kernel,
    selectSeconds: seconds.select,
    picksHash: hash128Hex(picked.join(";")),
  };
}

/** All rows, scaled by mean and sample deviation of the initial train and pool rows and bent at ±5. */
function scaledInputs(data: NumberData, split: NumberSplit): Float32Array {
  const rows = Uint32Array.from([...split.train, ...split.pool]);
  const out = new Float64Array(data.x.length);
  applyScale(data.x, data.n, inputScale(data.x, data.d, rows), out);
  return Float32Array.from(out);
}

function rowsOf(data: NumberData, x: Float32Array, rows: Uint32Array): NumberRows & { readonly x: Float32Array } {
  const part = new Float32Array(rows.length * data.d);
  rows.forEach((row, i) => {
    part.set(x.subarray(row * data.d, (row + 1) * data.d), i * data.d);
  });
  return { x: part, y: Float32Array.from(rows, (row) => data.y[row]), n: rows.length };
}

async function fitOne(
  train: NumberRows,
  validation: NumberRows,
  d: number,
  plan: NumberPlan,
  seed: string,
  tools: NumberTools,
): Promise<NtkNetwork> {
  const widths = [d, ...plan.network.hidden, 1];
  const initial = initialNtkParameters(widths, new KeyedRandom(seed, "weights"));
  const fit = await fitNtkNetwork(
    tools,
    { ...plan.network, widths },
    train,
    validation,
    initial,
    keyedOrders(train.n, seed),
  );
  return fit.network;
}

/** Errors of the mean prediction of the networks on the test rows. */
async function measured(
  networks: readonly NtkNetwork[],
  data: NumberData,
  x: Float32Array,
  test: Uint32Array,
  { kernels, multiply }: NumberTools,
): Promise<ErrorMetrics> {
  const batchMax = Math.min(2048, test.length);
  const errors = Float64Array.from(test, (row) => -data.y[row]);
  for (const network of networks) {
    const mark = kernels.mark();
    const parameters = kernels.allocF32(network.parameters.length);
    parameters.set(network.parameters);
    const bound = bindNtkNetwork({ ...network, parameters }, { kernels, multiply, batchMax });
    for (let start = 0; start < test.length; start += batchMax) {
      const part = rowsOf(data, x, test.subarray(start, start + batchMax));
      const out = await bound.forward(part.x, part.n);
      for (let i = 0; i < part.n; i++) errors[start + i] += out[i] / networks.length;
    }
    kernels.release(mark);
  }
  return errorMetrics(errors);
}

/** Positions in the pool that the method picks; places it cannot fill are drawn at random and noted. */
async function select(
  spec: BmdalSpec,
  networks: readonly NtkNetwork[],
  data: NumberData,
  x: Float32Array,
  train: Uint32Array,
  pool: Uint32Array,
  count: number,
  seed: string,
  tools: NumberTools,
  seconds: { kernel: number; select: number },
  stopped: string[],
): Promise<number[]> {
  const random = new KeyedRandom(seed, "select");
  const order = () => {
    const draws = Float64Array.from(pool, (row) => random.uniform(row, 7));
    return Array.from(pool, (_, i) => i).sort((a, b) => draws[a] - draws[b]);
  };
  const { method, mode } = spec;
  if (method === "random") return order().slice(0, count);
  const { kernels, multiply, monotonicMs } = tools;
  const start = monotonicMs();
  const all = rowsOf(data, x, Uint32Array.from([...train, ...pool]));
  const targets = Float64Array.from(train, (row) => data.y[row]);
  const input = {
    ...{ kernels, multiply, networks, seed, targets },
    x: all.x,
    n: all.n,
    d: data.d,
    nKnown: train.length,
  };
  const made: { kernel: KernelRows } = await methodKernel(spec, input);
  const middle = monotonicMs();
  const problem = { kernels, kernel: made.kernel, nKnown: train.length, mode: mode ?? "p", count } as const;
  const picks = runMethod({ kernels }, method, problem, {
    ...METHOD_DEFAULTS,
    sampler: {
      first: (n) => random.below(n, 0, 1),
      draw: (distances, n, pick, taken) => drawByCumulation(distances, n, random.uniform(pick), taken),
    },
  });
  seconds.kernel += (middle - start) / 1000;
  seconds.select += (monotonicMs() - middle) / 1000;
  if (picks.rows.length === count) return picks.rows;
  stopped.push(`${train.length} labels: ${picks.stopped ?? "nothing-left"} after ${picks.rows.length} picks`);
  const taken = new Set(picks.rows);
  return [...picks.rows, ...order().filter((i) => !taken.has(i))].slice(0, count);
}
