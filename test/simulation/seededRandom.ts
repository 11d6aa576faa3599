import { KeyedRandom } from "@/strategies/core/keyedRandom";

/** A sequence of random choices that a seed fixes. */
export class SeededRandom {
  readonly #keyed: KeyedRandom;
  #n = 0;

  constructor(seed: string) {
    this.#keyed = new KeyedRandom(seed, "simulation");
  }

  /** Uniform in (0, 1). */
  next(): number {
    return this.#keyed.uniform(this.#n++);
  }

  /** Uniform integer in 0 … n − 1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Record<K, number>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return entries[entries.length - 1][0];
  }

  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /** A version 4 UUID. */
  uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.below(16).toString(16));
    hex[12] = "4";
    hex[16] = this.pick(["8", "9", "a", "b"]);
    const at = (from: number, to: number): string => hex.slice(from, to).join("");
    return `${at(0, 8)}-${at(8, 12)}-${at(12, 16)}-${at(16, 20)}-${at(20, 32)}`;
  }
}
