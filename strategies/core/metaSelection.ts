import type { Nomination } from "./arms";
import type { OpenedArm } from "./metaArms";
import type { FilledSlot, SlotRun } from "./runSlots";
import type { Notice, Reason, Selection } from "./types";

/** What a meta strategy says about its picks. */
export interface MetaScores {
  /** Probability with which an arm is drawn for a place of this batch. */
  readonly chanceOf: (arm: number) => number;
  readonly expectedOf: (arm: number) => number;
  /** The published quantity of a filled place; higher is better. */
  readonly scoreOf: (slot: FilledSlot) => number;
}

/** The filled places as a selection: the reason `arm` first, then the arm's own reasons. */
export async function metaSelection(
  arms: readonly OpenedArm[],
  run: SlotRun,
  meta: MetaScores,
  notices: Notice[],
): Promise<Selection> {
  const { filled } = run;
  run.missed.forEach((slots, i) => {
    if (slots > 0) notices.push({ code: "ARM_EXHAUSTED", level: "warning", arm: arms[i].id, slots });
  });
  const reasons: (readonly Reason[])[] = [];
  for (const { slot, arm, nomination, reward } of filled) {
    const others: string[] = [];
    for (const [i, other] of arms.entries()) {
      if (i !== arm && (await other.stream.rankOf(nomination.row)) !== null) others.push(other.id);
    }
    const own: Reason = {
      code: "arm",
      arm: arms[arm].id,
      slot,
      rank: await arms[arm].stream.rankOf(nomination.row),
      probability: meta.chanceOf(arm),
      reward,
      expectedReward: meta.expectedOf(arm),
      others,
    };
    reasons.push([own, ...nomination.reasons]);
  }
  const suppliers = new Set(filled.map((slot) => slot.arm));
  for (const arm of suppliers) notices.push(...(arms[arm].stream.notices ?? []));
  const of = <T>(read: (nomination: Nomination) => T): T[] => filled.map((slot) => read(slot.nomination));
  const scores = Float64Array.from(filled, meta.scoreOf);
  return {
    rows: Uint32Array.from(of((nomination) => nomination.row)),
    scores,
    utility: scores.slice(),
    percentile: of((nomination) => nomination.percentile),
    inclusion: filled.map(() => null),
    reasons,
    notices,
  };
}
