import type { ChoiceValue } from "./schema";

/** 1 when both chose the same label, else 0. Symmetric. */
export function choiceAgreement(a: ChoiceValue, b: ChoiceValue): number {
  return a.choice === b.choice ? 1 : 0;
}

/**
 * Majority label of one or more opinions given in order of arrival; ties go to the label that was given first.
 * @returns the label and the mean pairwise agreement (null for a single opinion). Cost: O(opinions).
 */
export function choiceConsensus(values: ChoiceValue[]): { value: ChoiceValue; agreement: number | null } {
  if (values.length === 0) throw new RangeError("consensus of no opinions: expected at least one value");
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value.choice, (counts.get(value.choice) ?? 0) + 1);
  let best = values[0].choice;
  for (const [label, count] of counts) if (count > (counts.get(best) ?? 0)) best = label;
  const pairs = (values.length * (values.length - 1)) / 2;
  let agreeing = 0;
  for (const count of counts.values()) agreeing += (count * (count - 1)) / 2;
  return { value: { choice: best }, agreement: pairs === 0 ? null : agreeing / pairs };
}
