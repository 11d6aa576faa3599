import { hash128 } from "./hash128";

/**
 * Random numbers without a sequence: `uniform(lo, hi)` depends on the seed, the name of the stage and a 64-bit counter
 * (an item's key or a step number), never on what was drawn before. Shards and workers therefore cannot change a draw,
 * and two stages never share one.
 *
 * Threefry-2x32 with 20 rounds over the counter, keyed by a hash of seed and stage.
 * Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */
export class KeyedRandom {
  private readonly key0: number;
  private readonly key1: number;
  private readonly words = new Uint32Array(2);

  constructor(seed: string, stage: string) {
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    const hash = hash128(`${seed.length}:${seed}/${stage}`);
    this.key0 = hash[0] ^ hash[2];
    this.key1 = hash[1] ^ hash[3];
  }

  /** Uniform in the open interval (0, 1), a multiple of 2⁻⁵³: never 0 and never 1. */
  uniform(lo: number, hi = 0): number {
    threefry2x32(this.key0, this.key1, lo, hi, this.words);
    // 52 bits plus one half: with 53 the largest value would round to 1.
    return ((this.words[0] >>> 6) * 67108864 + (this.words[1] >>> 6) + 0.5) * 2.220446049250313e-16;
  }

  /** Uniform integer in 0 … n − 1, for n ≤ 2³²; bias below n · 2⁻⁵². */
  below(n: number, lo: number, hi = 0): number {
    return Math.min(n - 1, Math.floor(this.uniform(lo, hi) * n));
  }
}

/** Threefry-2x32-20: writes the two words of the block for key (k0, k1) and counter (c0, c1). */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let group = 0; group < 5; group++) {
    if ((group & 1) === 0) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    } else {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    }
    const step = group + 1;
    const first = step % 3 === 0 ? k0 : step % 3 === 1 ? k1 : k2;
    const second = step % 3 === 0 ? k1 : step % 3 === 1 ? k2 : k0;
    x0 = (x0 + first) | 0;
    x1 = (x1 + second + step) | 0;
  }
  out[0] = x0;
  out[1] = x1;
}

/** The random stream of one stage of a running strategy. */
export function randomOf(context: { readonly seed: string; readonly scope: string }, stage: string): KeyedRandom {
  return new KeyedRandom(context.seed, `${context.scope}/${stage}`);
}
