import type { ArmStream, Nomination } from "./arms";
import type { Notice, SelectContext, Selection } from "./types";

/** What an arm picks alone: its own nominations, one after the other. `notices` is kept by reference. */
export async function selectionOfArm(
  context: SelectContext,
  arm: ArmStream,
  n: number,
  notices: readonly Notice[],
): Promise<Selection> {
  const picks: Nomination[] = [];
  while (picks.length < n) {
    const nomination = await arm.nominate();
    if (nomination === null) break;
    picks.push(nomination);
    arm.take(nomination.row, true);
    context.checkAbort();
    context.progress("nominate", picks.length, n);
  }
  return {
    rows: Uint32Array.from(picks, (pick) => pick.row),
    scores: Float64Array.from(picks, (pick) => pick.score),
    utility: Float64Array.from(picks, (pick) => pick.utility),
    percentile: picks.map((pick) => pick.percentile),
    inclusion: picks.map(() => null),
    reasons: picks.map((pick) => pick.reasons),
    notices,
  };
}
