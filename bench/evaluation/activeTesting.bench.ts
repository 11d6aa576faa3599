import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { estimateControlled, estimateLure, LossBettingSequence, martingaleInterval, raceDraws } from "@/strategies";

/**
 * What a new label costs the estimates of active testing:
 * `npx tsx bench/evaluation/activeTesting.bench.ts [--draws 10000] [--pool 100000] [--out FILE.json]`.
 *
 * "lure" is estimate, variance and interval from all draws anew, as after each label; "controlled" the same with a tuned
 * control variate; "betting" is one further draw of the sequence, early and late. Wall milliseconds on one thread, medians.
 */

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

const nDraws = option("draws", 10_000);
const poolSize = option("pool", 100_000);
const scores = Float64Array.from({ length: poolSize }, (_, i) => 0.05 + ((i * 7919) % 1000) / 1000);
const draws = raceDraws(scores, nDraws, "bench");
const q = Float64Array.from(draws, (draw) => draw.q);
const losses = Float64Array.from(draws, ({ item }) => (((item * 104729) % 1000) / 1000 < 0.4 * scores[item] ? 1 : 0));
const control = {
  drawn: Float64Array.from(draws, ({ item }) => 0.4 * scores[item]),
  poolMean: scores.reduce((sum, score) => sum + (0.4 * score) / poolSize, 0),
};

function median(times: number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

function timed(repetitions: number, run: () => void): number {
  const times: number[] = [];
  for (let r = 0; r < repetitions; r++) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  return median(times);
}

const nonZero = losses.reduce((count, loss) => count + loss, 0);
const lureMs = timed(200, () => {
  martingaleInterval(estimateLure({ poolSize, q, losses }), { poolSize, nonZero, level: 0.95 });
});
const controlledMs = timed(200, () => {
  martingaleInterval(estimateControlled({ poolSize, q, losses }, control), { poolSize, nonZero, level: 0.95 });
});
const sequence = new LossBettingSequence(poolSize, { alpha: 0.05 });
const perDraw = draws.map((draw, m) => {
  const start = performance.now();
  sequence.add({ q: draw.q, qMin: draw.qMin, loss: losses[m] });
  return performance.now() - start;
});
const report = {
  command: `npx tsx bench/evaluation/activeTesting.bench.ts ${process.argv.slice(2).join(" ")}`.trim(),
  at: new Date().toISOString(),
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, loadAverage: loadavg()[0] },
  sizes: { nDraws, poolSize, gridPoints: 1001 },
  lureMs,
  controlledMs,
  bettingMsPerDraw: { first1000: median(perDraw.slice(0, 1000)), last1000: median(perDraw.slice(-1000)) },
  estimate: estimateLure({ poolSize, q, losses }).value,
  bettingInterval: sequence.interval(),
};
console.log(JSON.stringify(report, null, 2));
const at = process.argv.indexOf("--out");
if (at > 0) writeFileSync(process.argv[at + 1], `${JSON.stringify(report, null, 2)}\n`);
