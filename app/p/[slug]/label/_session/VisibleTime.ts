/** How long something was looked at: stops while the page is hidden, so that a lunch break is no slow answer. */
export class VisibleTime {
  readonly #now: () => number;
  #visible = true;
  #since = 0;
  #sum = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Starts from zero. */
  restart(): void {
    this.#sum = 0;
    this.#since = this.#now();
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    if (!visible) this.#sum += this.#now() - this.#since;
    this.#since = this.#now();
    this.#visible = visible;
  }

  /** Whole milliseconds. */
  read(): number {
    return Math.round(this.#sum + (this.#visible ? this.#now() - this.#since : 0));
  }
}
