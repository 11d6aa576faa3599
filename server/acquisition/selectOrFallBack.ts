import type { SelectedRound, TaskUsage } from "../compute";
import { AppError, isAppError } from "../errors";
import type { SelectionContext } from "./runSelection";
import { runSelection } from "./runSelection";
import type { RoundPlan } from "./strategySpec";
import { planAtRandom } from "./strategySpec";

/** What a strategy says when the run was told to stop: no fault of its own. */
const ABORTED = "E_ABORTED";

/** The strategy's own refusal in a failed compute task; it would be the same at every try. */
function refusalOf(error: unknown): RoundPlan["refusal"] {
  if (!isAppError(error) || error.code !== "E_JOB_FAILED") return undefined;
  const { cause } = error.details;
  if (typeof cause !== "string" || !cause.startsWith("E_") || cause === ABORTED) return undefined;
  return { error: cause, message: error.message };
}

/**
 * Runs a round's plan; where the strategy refuses the pool, draws the round at random instead, so that nobody waits before
 * an empty queue. The plan that ran comes back and names the refusal. Failures that may pass are thrown.
 */
export async function selectOrFallBack(
  context: SelectionContext,
  round: Parameters<typeof runSelection>[1],
): Promise<{ selected: SelectedRound; usage: TaskUsage; plan: RoundPlan }> {
  const { project, snapshot } = round;
  try {
    return { ...(await runSelection(context, round)), plan: round.plan };
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    const plan = planAtRandom(project.strategy, refusal);
    const { selected, usage } = await runSelection(context, { ...round, plan, head: null }).catch((second: unknown) => {
      // Not the strategy: whatever is wrong with the pool, the first words about it are the better ones.
      throw refusalOf(second) ? new AppError("E_JOB_FAILED", refusal.message, { cause: second }) : second;
    });
    // Strategies that remember go on from where they were once they can.
    const states = { ...snapshot.counts.lastStates, ...selected.states } as SelectedRound["states"];
    return { selected: { ...selected, states }, usage, plan };
  }
}
