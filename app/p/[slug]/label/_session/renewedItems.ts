import type { HeldItem } from "./types";

/**
 * Held items after the server has said which leases still run. The first item stays on screen whatever happens: an answer
 * to it is still accepted. Items that nobody has looked at and whose lease is lost go.
 * @param ends expiry per token, null for a lost lease; tokens that were not asked about are left alone.
 */
export function renewedItems(
  held: readonly HeldItem[],
  ends: ReadonlyMap<string, string | null>,
  deadline: number,
): HeldItem[] {
  return held.flatMap((each, i) => {
    const end = ends.get(each.item.leaseToken);
    if (end === undefined) return [each];
    if (end !== null) return [{ ...each, lease: "ok" as const, deadline }];
    return i === 0 ? [{ ...each, lease: "lost" as const }] : [];
  });
}
