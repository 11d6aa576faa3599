import type { KeyedRandom } from "./keyedRandom";
import { randomOf } from "./keyedRandom";
import { labelCounts } from "./labelCounts";
import { numberOption, textOption } from "./resolveOptions";
import { StrategyError } from "./strategyError";
import type { OptionSchema, OptionValues, Pool, SelectContext } from "./types";

/** Options of a strategy that looks for one class at a time. */
export function classOptionSchemas(defaultRule: string): Record<"classRule" | "class", OptionSchema> {
  return {
    classRule: {
      type: "string",
      title: "Which class",
      description:
        "rarest: fewest labels and picks so far; proportional: drawn, rare ones more often; roundRobin: in turn; random: drawn evenly; fixed: the one below.",
      enum: ["rarest", "proportional", "roundRobin", "random", "fixed"],
      default: defaultRule,
    },
    class: {
      type: "integer",
      title: "Class",
      description: "For the rule fixed: the class that is looked for, counted from 0.",
      minimum: 0,
      maximum: 1_000_000,
      default: 0,
    },
  };
}

/** Names the class that is looked for next, place by place. */
export class ClassChooser {
  private readonly rule: string;
  private readonly fixed: number;
  private readonly random: KeyedRandom;
  private readonly labels: Float64Array;
  private readonly placed: Float64Array;
  private step = 0;

  /** @throws E_OPTIONS when a fixed class is none of the project's. */
  constructor(context: SelectContext, pool: Pool, options: OptionValues) {
    this.rule = textOption(options, "classRule");
    this.fixed = numberOption(options, "class");
    this.random = randomOf(context, "class");
    this.labels = labelCounts(pool) ?? new Float64Array(0);
    this.placed = new Float64Array(this.labels.length);
    if (this.rule === "fixed" && this.fixed >= pool.nClasses) {
      throw new StrategyError(
        "E_OPTIONS",
        `options.class: class ${this.fixed} was asked for; the project has ${pool.nClasses}, counted from 0.`,
      );
    }
  }

  /** The class of the present place; the same until {@link place}. */
  get current(): number {
    const n = this.labels.length;
    switch (this.rule) {
      case "fixed":
        return this.fixed;
      case "roundRobin":
        return this.step % n;
      case "random":
        return this.random.below(n, this.step);
      case "proportional":
        return this.drawn();
      default:
        return this.rarest();
    }
  }

  /** A row was picked for the current class: go on to the next place. */
  place(): void {
    this.placed[this.current]++;
    this.step++;
  }

  private rarest(): number {
    let best = 0;
    for (let k = 1; k < this.labels.length; k++) {
      if (this.labels[k] + this.placed[k] < this.labels[best] + this.placed[best]) best = k;
    }
    return best;
  }

  /** Drawn with weights 1 / max(1, labels of the class). */
  private drawn(): number {
    let total = 0;
    for (const count of this.labels) total += 1 / Math.max(1, count);
    let left = this.random.uniform(this.step) * total;
    for (let k = 0; k < this.labels.length; k++) {
      left -= 1 / Math.max(1, this.labels[k]);
      if (left < 0) return k;
    }
    return this.labels.length - 1;
  }
}
