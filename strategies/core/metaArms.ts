import type { ArmStream } from "./arms";
import { openArm } from "./arms";
import { guardPool, unmetNeeds } from "./guardPool";
import { completeOptions, textOption, textsOption } from "./resolveOptions";
import { StrategyError } from "./strategyError";
import type {
  CostEstimate,
  Needs,
  Notice,
  OptionSchema,
  OptionValues,
  Pool,
  PoolArray,
  PoolDims,
  SelectContext,
  Strategy,
  TaskKind,
} from "./types";

/** What the meta strategies have in common: which strategies are their arms, and how these are opened. */

/** One arm as it takes part in a round. */
export interface ArmPlan {
  /** Id of the strategy, with "#class" where the arm stands for one class. */
  readonly id: string;
  readonly strategy: Strategy;
  readonly options: OptionValues;
  readonly class: number | null;
}

export interface OpenedArm extends ArmPlan {
  readonly stream: ArmStream;
}

/** Named sets of arms per kind of task, in the order that decides ties. */
export type ArmPresets = Readonly<Record<string, Readonly<Partial<Record<TaskKind, readonly string[]>>>>>;

/** More arms than this cannot be told apart by any number of labels a project has. */
const ARMS_MAX = 4096;

/** With at least this many places per arm, the classes of an arm become arms of their own under `perClass: auto`. */
const PLACES_PER_ARM = 4;

/** Options of a meta strategy that choose its arms. */
export function armOptionSchemas(
  strategies: readonly Strategy[],
  presets: ArmPresets,
  preset: string,
): Record<string, OptionSchema> {
  const ids = strategies.map((strategy) => strategy.id);
  return {
    preset: {
      type: "string",
      title: "Set of arms",
      description: "Which strategies take part unless they are named below.",
      enum: Object.keys(presets),
      default: preset,
    },
    arms: {
      type: "array",
      title: "Arms",
      description: "The strategies that take part, in the order that decides ties; empty: the set above.",
      items: { type: "string", enum: ids },
      maxItems: ids.length,
      default: [],
    },
    off: {
      type: "array",
      title: "Arms switched off",
      description: "Strategies that take no part for now; what was learned about them is kept.",
      items: { type: "string", enum: ids },
      maxItems: ids.length,
      default: [],
    },
    perClass: {
      type: "string",
      title: "Arms per class",
      description:
        "Whether a strategy that looks for one class chooses the class inside, or is one arm for each class; auto: one for each when the batch has at least four places per arm.",
      enum: ["inside", "each", "auto"],
      default: "inside",
    },
    armOptions: {
      type: "object",
      title: "Options of the arms",
      description: "By strategy; what is left out has its default.",
      default: {},
    },
  };
}

/** Checks and completes `armOptions`. @throws E_OPTIONS or E_UNKNOWN_STRATEGY with the path of the fault. */
export function completeArmOptions(strategies: readonly Strategy[], options: OptionValues, path: string): OptionValues {
  const given = options.armOptions as Readonly<Record<string, unknown>>;
  const armOptions: Record<string, OptionValues> = {};
  for (const id of Object.keys(given).sort()) {
    const strategy = strategies.find((entry) => entry.id === id);
    if (strategy === undefined) {
      const known = strategies.map((entry) => entry.id).join(", ");
      throw new StrategyError("E_UNKNOWN_STRATEGY", `${path}.armOptions: no strategy "${id}"; known: ${known}.`);
    }
    armOptions[id] = completeOptions(strategy, given[id], `${path}.armOptions.${id}`);
  }
  return { ...options, armOptions };
}

/** Ids of the strategies that may take part with these options; without a kind of task, on any. */
export function armIds(
  strategies: readonly Strategy[],
  presets: ArmPresets,
  options: OptionValues,
  taskKind?: TaskKind,
): string[] {
  const named = textsOption(options, "arms");
  const preset = presets[textOption(options, "preset")];
  const chosen = named.length > 0 ? named : taskKind === undefined ? Object.values(preset).flat() : preset[taskKind];
  return strategies.map((strategy) => strategy.id).filter((id) => chosen?.includes(id));
}

/** The union of the arms' arrays, with labels and state. Minima of labels only leave arms out, see {@link planArms}. */
export function armNeeds(
  strategies: readonly Strategy[],
  presets: ArmPresets,
  options: OptionValues,
  taskKind?: TaskKind,
): Needs {
  const off = textsOption(options, "off");
  const arrays = new Set<PoolArray>(["labels", "state"]);
  for (const id of armIds(strategies, presets, options, taskKind)) {
    if (off.includes(id)) continue;
    const strategy = strategies.find((entry) => entry.id === id)!;
    if (taskKind !== undefined && !strategy.taskKinds.includes(taskKind)) continue;
    for (const array of strategy.needs(optionsOfArm(strategy, options)).arrays) arrays.add(array);
  }
  return { arrays: [...arrays] };
}

/**
 * The arms of this round, in the order that decides ties. Arms that do not fit the kind of task, or lack labels, are left
 * out with a notice; per-class ones are expanded in place.
 *
 * @throws E_OPTIONS when no arm is left.
 */
export function planArms(
  strategies: readonly Strategy[],
  presets: ArmPresets,
  options: OptionValues,
  pool: Pool,
  batchSize: number,
  notices: Notice[],
): ArmPlan[] {
  const kind = pool.taskKind ?? "single-label";
  const named = textsOption(options, "arms");
  const wanted = named.length > 0 ? named : (presets[textOption(options, "preset")][kind] ?? []);
  const off = textsOption(options, "off");
  const usable: Strategy[] = [];
  for (const id of wanted) {
    const strategy = strategies.find((entry) => entry.id === id);
    if (strategy === undefined || off.includes(id)) continue;
    const unmet = unmetNeeds(strategy.needs(optionsOfArm(strategy, options)), pool);
    if (!strategy.taskKinds.includes(kind))
      notices.push({ code: "ARM_LEFT_OUT", level: "warning", arm: id, why: "taskKind" });
    else if (unmet.length > 0) notices.push({ code: "ARM_LEFT_OUT", level: "warning", arm: id, why: "needs" });
    else usable.push(strategy);
  }
  if (usable.length === 0) {
    throw new StrategyError(
      "E_OPTIONS",
      `No arm is left for a ${kind} project: ${wanted.join(", ") || "none"} were asked for.`,
    );
  }
  const expanded = usable.flatMap((strategy) => expandArm(strategy, options, pool.nClasses, true));
  const perClass = textOption(options, "perClass");
  const isEach = perClass === "each" || (perClass === "auto" && batchSize >= PLACES_PER_ARM * expanded.length);
  if (!isEach || expanded.length > ARMS_MAX) {
    return usable.flatMap((strategy) => expandArm(strategy, options, pool.nClasses, false));
  }
  return expanded;
}

function expandArm(strategy: Strategy, options: OptionValues, nClasses: number, isEach: boolean): ArmPlan[] {
  const own = optionsOfArm(strategy, options);
  const hasClasses = strategy.options.properties.class !== undefined;
  if (!isEach || !hasClasses) return [{ id: strategy.id, strategy, options: own, class: null }];
  return Array.from({ length: nClasses }, (_, c) => ({
    id: `${strategy.id}#${c}`,
    strategy,
    options: { ...own, classRule: "fixed", class: c },
    class: c,
  }));
}

/** Cost of all arms side by side, and of drawing for every place of the batch. */
export function metaCost(
  strategies: readonly Strategy[],
  presets: ArmPresets,
  dims: PoolDims,
  options: OptionValues,
): CostEstimate {
  const used = armIds(strategies, presets, options).map((id) => strategies.find((entry) => entry.id === id)!);
  const costs = used.map((strategy) => strategy.cost(dims, optionsOfArm(strategy, options)));
  const own = 200 * dims.batchSize * used.length * Math.max(1, dims.nClasses);
  return {
    flops: costs.reduce((sum, cost) => sum + cost.flops, own),
    // Arms stay open side by side for the whole batch.
    bytes: costs.reduce((sum, cost) => sum + cost.bytes, own),
  };
}

function optionsOfArm(strategy: Strategy, options: OptionValues): OptionValues {
  const given = options.armOptions as Readonly<Record<string, OptionValues>>;
  return given[strategy.id] ?? completeOptions(strategy, undefined, strategy.id);
}

/**
 * Opens every arm on the pool, each with its own random streams and only the arrays it declared, and closes all of them
 * when `use` is done: what they hold in the kernels' memory is released then.
 */
export async function withArms<T>(
  context: SelectContext,
  pool: Pool,
  batchSize: number,
  plans: readonly ArmPlan[],
  use: (arms: readonly OpenedArm[]) => Promise<T>,
): Promise<T> {
  const mark = context.kernels.mark();
  try {
    const opened: OpenedArm[] = [];
    for (const plan of plans) {
      context.checkAbort();
      context.progress("arms", opened.length, plans.length);
      const guarded = guardPool(pool, plan.strategy.id, plan.strategy.needs(plan.options), pool.eligible);
      const own = { ...context, scope: `${context.scope}/arm.${plan.id}` };
      opened.push({ ...plan, stream: await openArm(plan.strategy, own, guarded, batchSize, plan.options) });
    }
    return await use(opened);
  } finally {
    context.kernels.release(mark);
  }
}
