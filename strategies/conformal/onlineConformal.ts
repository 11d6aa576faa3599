export interface OnlineConformalOptions {
  /** Wanted coverage, 1 − alpha. */
  readonly coverage: number;
  /** Largest score that can occur, D: 1 for 1 − p. */
  readonly scale: number;
  /** Longer-lived experts for larger values; 8 unless given, 32 covers a little better. */
  readonly lifetime?: number;
}

/** A radius that learns by scale-free online gradient descent; its whole state. */
export interface RadiusLearner {
  radius: number;
  squares: number;
}

/** Gains smaller than this are rounding: a new expert copies the mixture, and their difference is exactly 0 in theory. */
const GAIN_SNAP = 1e-12;

/** Pinball loss of a radius against a score. */
function pinball(radius: number, score: number, alpha: number): number {
  return Math.max((1 - alpha) * (score - radius), alpha * (radius - score));
}

/** One step on one score; coverage holds on the stream that receives labels and on no other. */
export function updateRadius(learner: RadiusLearner, score: number, { coverage, scale }: OnlineConformalOptions): void {
  const alpha = 1 - coverage;
  const gradient = score > learner.radius ? -coverage : score < learner.radius ? alpha : 0;
  learner.squares += gradient * gradient;
  if (learner.squares !== 0) {
    learner.radius = Math.max(0, learner.radius - ((scale / Math.sqrt(3)) * gradient) / Math.sqrt(learner.squares));
  }
}

interface Expert extends RadiusLearner {
  readonly born: number;
  readonly lifetime: number;
  gains: number;
  weightedGains: number;
  updates: number;
  weight: number;
}

/** What survives a restart: plain numbers. */
export interface OnlineConformalState {
  readonly step: number;
  readonly experts: readonly Readonly<Expert>[];
}

/**
 * Strongly adaptive online conformal prediction: a radius for prediction sets that keeps its coverage over every window
 * while the model is retrained and the data drift. Starts at 0: warm it up on the calibration scores.
 *
 * Live experts: O(lifetime · log steps).
 * Source: Bhatnagar et al. 2023, "Improved online conformal prediction via strongly adaptive online learning". Differs from
 * the released code in that gains below 1e-12 are 0, without which rounding alone decides a clip.
 */
export class OnlineConformal {
  readonly #options: Required<OnlineConformalOptions>;
  #step: number;
  #experts: Expert[];

  constructor(options: OnlineConformalOptions, state?: OnlineConformalState) {
    const { coverage, scale, lifetime = 8 } = options;
    if (!(coverage > 0 && coverage < 1 && scale > 0)) {
      throw new RangeError(
        `OnlineConformal: coverage in (0, 1) and a scale above 0 were expected, got ${coverage} and ${scale}.`,
      );
    }
    this.#options = { coverage, scale, lifetime };
    this.#step = state?.step ?? 0;
    this.#experts = state?.experts.map((expert) => ({ ...expert })) ?? [];
  }

  /** The radius of the next set; must be read before the score is known. */
  get radius(): number {
    let total = 0;
    let positive = 0;
    let weighted = 0;
    let prior = 0;
    for (const expert of this.#experts) {
      const share = priorOf(expert.born);
      const weight = share * Math.max(0, expert.weight);
      positive += weight;
      weighted += weight * expert.radius;
      total += share;
      prior += share * expert.radius;
    }
    if (positive > 0) return weighted / positive;
    return total > 0 ? prior / total : 0;
  }

  get experts(): number {
    return this.#experts.length;
  }

  state(): OnlineConformalState {
    return { step: this.#step, experts: this.#experts.map((expert) => ({ ...expert })) };
  }

  /** Learns from the score of an item that was shown with the current radius. @throws RangeError for a score below 0. */
  update(score: number): void {
    if (!(score >= 0)) throw new RangeError(`OnlineConformal: scores must be ≥ 0, got ${score}.`);
    const { coverage, scale, lifetime } = this.#options;
    const alpha = 1 - coverage;
    this.#step++;
    const t = this.#step;
    const current = this.radius;
    this.#experts = this.#experts.filter((expert) => expert.updates <= expert.lifetime);
    this.#experts.push({
      born: t,
      lifetime: lifetime * lowestPowerOfTwo(t),
      radius: current,
      squares: 0,
      gains: 0,
      weightedGains: 0,
      updates: 0,
      weight: 0,
    });
    const mixture = pinball(this.radius, score, alpha);
    for (const expert of this.#experts) {
      const weight = expert.updates === 0 ? 0 : (expert.gains / expert.updates) * (1 + expert.weightedGains);
      let gain = (mixture - pinball(expert.radius, score, alpha)) / (scale * Math.max(alpha, coverage));
      if (Math.abs(gain) < GAIN_SNAP) gain = 0;
      gain = Math.min(1, Math.max(weight > 0 ? -1 : 0, gain));
      expert.gains += gain;
      expert.weightedGains += gain * weight;
      expert.updates++;
      updateRadius(expert, score, this.#options);
      expert.weight = (expert.gains / expert.updates) * (1 + expert.weightedGains);
    }
  }
}

function priorOf(born: number): number {
  return 1 / (born * born * (1 + Math.floor(Math.log2(born))));
}

function lowestPowerOfTwo(t: number): number {
  let power = 1;
  let rest = t;
  while (rest % 2 === 0) {
    power *= 2;
    rest /= 2;
  }
  return power;
}
