import type { ProjectStrategy } from "@/contracts/project";
import type { PoolArray, StrategySpec } from "@/strategies";
import { specArrays } from "@/strategies";
import type { OptionValues } from "@/strategies/core/types";

/**
 * Share of every pool split off for audits before the first draw. Constant, so that the frame never changes sides when a
 * lead changes the audit share; twice the default audit share, so that it does not run out before the pool does.
 */
export const AUDIT_FRAME_SHARE = 0.2;

/** Seed of a project's audit frame. */
export function frameSeedOf(projectSeed: string): string {
  return `${projectSeed}/audit-frame`;
}

/** Seed of one round. */
export function roundSeedOf(projectSeed: string, round: number): string {
  return `${projectSeed}/round/${round}`;
}

/** What the pool offers beyond labels. */
export interface Available {
  embeddings: boolean;
  probabilities: boolean;
  /** The active model's last layer is linear and reads the vectors that the project has now. */
  head: boolean;
}

export interface RoundPlan {
  spec: StrategySpec;
  /** Arrays that the branch which will run may read. */
  arrays: PoolArray[];
  /** Cold start could not run as chosen: it needs vectors that are not there yet. */
  isColdStartReplaced: boolean;
  /** Why the strategy refused the pool; the round is drawn at random instead. */
  refusal?: { error: string; message: string };
}

/**
 * A project's settings as a spec: audits mixed with a schedule that goes from cold start to the main strategy. Where cold
 * start needs vectors that do not exist yet, random takes its place, and the plan says so.
 */
export function planRound(
  strategy: ProjectStrategy,
  facts: { nLabelled: number; nClassesLabelled: number; available: Available },
): RoundPlan {
  const { available } = facts;
  const single = (ref: ProjectStrategy["main"]): StrategySpec => ({
    op: "single",
    use: ref.id,
    options: ref.options as OptionValues,
  });
  const main = single(strategy.main);
  const asked = single(strategy.coldStart);
  const isColdStartReplaced = !canRun(asked, available);
  const coldStart: StrategySpec = isColdStartReplaced ? { op: "single", use: "random" } : asked;
  const isSwitchMet = facts.nLabelled >= strategy.minLabels && facts.nClassesLabelled >= strategy.minClasses;
  // A main strategy that is due and cannot run falls back to cold start, which then is what needs arrays.
  const branch = isSwitchMet && canRun(main, available) ? main : coldStart;
  const schedule: StrategySpec = {
    op: "schedule",
    until: { minLabels: strategy.minLabels, minClasses: strategy.minClasses },
    before: coldStart,
    after: main,
  };
  const spec = withAudits(strategy, schedule);
  return { spec, arrays: specArrays(branch), isColdStartReplaced: isColdStartReplaced && branch === coldStart };
}

function withAudits(strategy: Pick<ProjectStrategy, "auditShare">, of: StrategySpec): StrategySpec {
  return {
    op: "mix",
    parts: [{ share: 1, of }],
    ...(strategy.auditShare > 0 ? { audit: { share: strategy.auditShare, frameShare: AUDIT_FRAME_SHARE } } : {}),
  };
}

/** The plan for a round whose strategy refused the pool: audits as always, everything else at random. */
export function planAtRandom(
  strategy: Pick<ProjectStrategy, "auditShare">,
  refusal: NonNullable<RoundPlan["refusal"]>,
): RoundPlan {
  const spec = withAudits(strategy, { op: "single", use: "random" });
  return { spec, arrays: [], isColdStartReplaced: false, refusal };
}

/** Whether the pool has every array that the spec may read. Draws of several models, costs and groups it never has. */
export function canRun(spec: StrategySpec, available: Available): boolean {
  return specArrays(spec).every((array) => {
    if (array === "probabilities") return available.probabilities;
    if (array === "embeddings") return available.embeddings;
    if (array === "head") return available.head;
    return array === "labels" || array === "state";
  });
}
