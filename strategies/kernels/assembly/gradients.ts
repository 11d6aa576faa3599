// Distances between last-layer gradients p ⊗ x, which are never written out: ⟨p ⊗ x, p′ ⊗ x′⟩ = ⟨p, p′⟩·⟨x, x′⟩.

import { dotRow } from "./rows";

/** Room for the rounding of the bound below: it may be short of the distance, never beyond it. */
const BOUND_MARGIN: f32 = 1.00002;

/**
 * One step of k-means++ or farthest-first over gradients. The short product ⟨p, p′⟩ comes first: since
 * |⟨x, x′⟩| ≤ |x|·|x′|, it often shows that the row cannot have come nearer, and the long row is then not read.
 * `closest` may be 0.
 */
export function gradientDistanceUpdate(
  x: usize, lengths: usize, p: usize, norms: usize, n: usize, d: usize, c: usize,
  center: usize, centerLength: f32, centerP: usize, centerNorm: f32,
  minDist: usize, closest: usize, centerIndex: i32,
): void {
  for (let i: usize = 0; i < n; i++) {
    const nearest = load<f32>(minDist + i * 4);
    const squares = load<f32>(norms + i * 4) + centerNorm;
    const short = dotRow(p + i * c * 4, centerP, c);
    const reach = abs<f32>(short) * load<f32>(lengths + i * 4) * centerLength * (BOUND_MARGIN * 2);
    if (squares - reach >= nearest) continue;
    const distance = squares - short * 2 * dotRow(x + i * d * 4, center, d);
    const bounded: f32 = distance < 0 ? 0 : distance;
    if (bounded < nearest) {
      store<f32>(minDist + i * 4, bounded);
      if (closest != 0) store<i32>(closest + i * 4, centerIndex);
    }
  }
}
