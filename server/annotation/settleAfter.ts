import { LIMITS } from "@/contracts/limits";
import type { AnswerEvent, SettledItem } from "../consensus";
import { settleItem } from "../consensus";
import type { Tx } from "../db";
import type { ProjectRow } from "../projects";
import type { AnswerFacts, EffectiveAnswer } from "./answer.db";
import { countUnasked } from "./answer.db";

export interface ItemAfter extends SettledItem {
  nLabels: number;
  nSkips: number;
}

/** The item's state with these answers instead of those it has. `author` counts as having answered; "" for nobody. */
export async function settleAfter(
  tx: Tx,
  project: ProjectRow,
  row: number,
  facts: AnswerFacts,
  answers: readonly EffectiveAnswer[],
  event: AnswerEvent,
  author: string,
): Promise<ItemAfter> {
  const values = answers.filter((answer) => answer.kind === "label").map((answer) => answer.value);
  const nSkips = answers.length - values.length;
  // Asking the membership is worth a query only where it can decide: some skips, too few to park by themselves.
  const mayBeLast = nSkips > 0 && nSkips < LIMITS.skipsToPark && values.length < project.overlap;
  const isSkippedByAll = mayBeLast && (await countUnasked(tx, project.id, row, author)) === 0;
  const settled = settleItem(project, facts.status, { values, nSkips, isSkippedByAll }, event);
  return { ...settled, nLabels: values.length, nSkips };
}
