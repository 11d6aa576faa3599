import type { Purpose } from "@/contracts/items";
import type { SettledItem } from "../consensus";
import type { AnswerChange, AnswerFacts } from "./answer.db";

/**
 * How one answer more (`by` 1) or less (−1) changes the running totals. The project's totals are those of items that are
 * there: answers to a deleted one change only what their author has done.
 */
export function deltaOf(
  facts: AnswerFacts,
  after: Pick<SettledItem, "status">,
  answer: { kind: "label" | "skip"; purpose: Purpose; by: 1 | -1; isOfToday: boolean },
): AnswerChange["delta"] {
  const labels = answer.kind === "label" ? answer.by : 0;
  const skips = answer.kind === "skip" ? answer.by : 0;
  const counts = facts.isDeleted ? 0 : 1;
  return {
    labels: labels * counts,
    resolved: (Number(after.status === "resolved") - Number(facts.status === "resolved")) * counts,
    skips: skips * counts,
    auditLabels: answer.purpose === "audit" ? labels * counts : 0,
    ownLabels: labels,
    ownSkips: skips,
    ownLabelsOfDay: answer.isOfToday ? labels : 0,
  };
}
