/** Records of a file without ids up to which copies are counted. */
export const RECORDS_COUNTED_MAX = 3_000_000;
const FIRST_SLOTS = 1 << 14;
const FILL_MAX = 0.75;

/**
 * Counts how often each content hash has come, in 12 bytes per slot (48 MiB at RECORDS_COUNTED_MAX): open addressing over
 * the first 8 bytes of the hash. Two different contents that share those (probability below 10^-6 for a whole file) share
 * a count, so one of them is named like a copy; its id still begins with its own hash, so nothing is mixed up.
 */
export class OccurrenceCounter {
  #high = new Uint32Array(FIRST_SLOTS);
  #low = new Uint32Array(FIRST_SLOTS);
  /** 0 marks a free slot. */
  #counts = new Uint32Array(FIRST_SLOTS);
  #n = 0;

  /** Counts one more of this hash (hex) and returns how many there are now. */
  add(hash: string): number {
    const high = Number.parseInt(hash.slice(0, 8), 16);
    const low = Number.parseInt(hash.slice(8, 16), 16);
    const slot = this.#slotOf(high, low);
    if (this.#counts[slot] > 0) return ++this.#counts[slot];
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#counts[slot] = 1;
    this.#n++;
    if (this.#n > this.#counts.length * FILL_MAX) this.#grow();
    return 1;
  }

  #slotOf(high: number, low: number): number {
    const mask = this.#counts.length - 1;
    let slot = low & mask;
    while (this.#counts[slot] > 0 && (this.#high[slot] !== high || this.#low[slot] !== low)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [high, low, counts] = [this.#high, this.#low, this.#counts];
    this.#high = new Uint32Array(high.length * 2);
    this.#low = new Uint32Array(high.length * 2);
    this.#counts = new Uint32Array(high.length * 2);
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] === 0) continue;
      const slot = this.#slotOf(high[i], low[i]);
      this.#high[slot] = high[i];
      this.#low[slot] = low[i];
      this.#counts[slot] = counts[i];
    }
  }
}
