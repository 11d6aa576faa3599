import { cpus, loadavg } from "node:os";
import { loadKernels } from "@/server/models";
import { openGemm } from "@/server/models/hybrid/gemmProvider";
import { initialNtkParameters } from "@/server/models/regression/fitNtkNetwork";
import { openMultiply } from "@/server/models/regression/openMultiply";
import { sketchGradients } from "@/server/models/regression/sketchGradients";
import { KeyedRandom } from "@/strategies";
import type { NtkNetwork } from "@/strategies/bmdal/door";
import { fillFeatures } from "./features";

/**
 * Gradient sketch of a 32-512-512-1 network: `npx tsx bench/regression/sketch.bench.ts [--rows 50000] [--rounds 3]`.
 * Prints CPU and wall milliseconds of the best round, random matrices included.
 */
function argument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

const n = argument("--rows", 50_000);
const rounds = argument("--rounds", 3);
const dim = 512;
const widths = [32, 512, 512, 1];
const kernels = await loadKernels({ memoryBytes: 256 << 20 });
const { gemm, backend } = await openGemm({ kernels, monotonicMs: () => performance.now() }, "auto");
const multiply = openMultiply(kernels, gemm);
const x = new Float32Array(n * widths[0]);
fillFeatures(x, n, widths[0], "isotropic", 1);
const parameters = initialNtkParameters(widths, new KeyedRandom("bench", "weights"));
const network: NtkNetwork = { widths, activation: "relu", weightGain: 0.2, biasGain: 0.2, parameters };
const out = new Float32Array(n * dim);
let best = { cpuMs: Number.POSITIVE_INFINITY, wallMs: Number.POSITIVE_INFINITY };
for (let round = 0; round < rounds; round++) {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await sketchGradients(kernels, multiply, [network], x, n, { dim, seed: String(round) }, out);
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  if (cpuMs < best.cpuMs) best = { cpuMs, wallMs: performance.now() - wall };
}
process.stdout.write(
  `${JSON.stringify({ n, widths, dim, backend, ...best, machine: cpus()[0].model, load: loadavg()[0] })}\n`,
);
