/**
 * How much each row can change the pool's loss: the share of its group's loss, of the spread, and of its group, each
 * term summing to 1 over the rows (the spread to 0 when every row is its centroid).
 *
 * @param cluster   group of each row, 0 … k − 1.
 * @param distances squared distance of each row to its centroid.
 * @param losses    expected loss ≥ 0 of each row; that of a group is the loss of the row nearest its centroid.
 */
export function sensitivities(
  cluster: Int32Array,
  distances: ArrayLike<number>,
  losses: Float64Array,
  k: number,
): Float64Array {
  const n = cluster.length;
  const sizes = new Float64Array(k);
  const middle = new Int32Array(k).fill(-1);
  let spread = 0;
  for (let i = 0; i < n; i++) {
    const id = cluster[i];
    sizes[id]++;
    spread += distances[i];
    if (middle[id] < 0 || distances[i] < distances[middle[id]]) middle[id] = i;
  }
  let groups = 0;
  let loss = 0;
  for (let id = 0; id < k; id++) {
    if (sizes[id] === 0) continue;
    groups++;
    loss += sizes[id] * losses[middle[id]];
  }
  return Float64Array.from(cluster, (id, i) => {
    const byLoss = loss > 0 ? losses[middle[id]] / loss : 0;
    const bySpread = spread > 0 ? distances[i] / spread : 0;
    return byLoss + bySpread + 1 / (sizes[id] * groups);
  });
}
