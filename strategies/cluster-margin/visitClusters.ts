/**
 * Visits clusters in turns, those with the fewest candidates first, and takes one candidate at each visit.
 *
 * @param cluster cluster of each candidate; candidates are in ascending order of margin.
 * @param order   positions of the candidates in the order among which a random member is drawn: by item key.
 * @param draw    uniform in (0, 1) for the pick of that number; absent: the smallest margin of the cluster is taken.
 * @param tie     decides between clusters with equally many candidates, lowest first; absent: the cluster's number.
 * @returns positions of at most n candidates in the order they were taken.
 */
export function visitClusters(
  cluster: ArrayLike<number>,
  order: ArrayLike<number>,
  n: number,
  draw?: (pick: number) => number,
  tie: (cluster: number) => number = (id) => id,
): number[] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < cluster.length; i++) {
    const position = draw === undefined ? i : order[i];
    const list = members.get(cluster[position]);
    if (list === undefined) members.set(cluster[position], [position]);
    else list.push(position);
  }
  const visits = [...members.entries()].sort(
    ([a, left], [b, right]) => left.length - right.length || tie(a) - tie(b) || a - b,
  );
  const picks: number[] = [];
  const wanted = Math.min(n, cluster.length);
  while (picks.length < wanted) {
    for (const [, list] of visits) {
      if (list.length === 0) continue;
      if (picks.length === wanted) break;
      const at = draw === undefined ? 0 : Math.min(list.length - 1, Math.floor(draw(picks.length) * list.length));
      picks.push(list[at]);
      list.splice(at, 1);
    }
  }
  return picks;
}
