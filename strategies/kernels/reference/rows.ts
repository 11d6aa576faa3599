import { checkLength } from "../checkLength";
import type { Kernels, RowKernels } from "../types";

type RowReference = RowKernels & Pick<Kernels, "softmaxRows" | "rowStats" | "rowNorms" | "distanceUpdate">;

/** Row-wise kernels written for reading: each value in float64, stored as float32. */
export const rowReference: RowReference = {
  softmaxRows(x, n, c, temperature) {
    checkLength("softmaxRows", "x", x, n * c);
    for (let i = 0; i < n; i++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < c; j++) largest = Math.max(largest, x[i * c + j]);
      let total = 0;
      for (let j = 0; j < c; j++) {
        const value = Math.exp((x[i * c + j] - largest) / temperature);
        x[i * c + j] = value;
        total += value;
      }
      for (let j = 0; j < c; j++) x[i * c + j] /= total;
    }
  },

  rowStats(p, n, c, out) {
    checkLength("rowStats", "p", p, n * c);
    for (const [name, array] of Object.entries(out)) {
      if (array !== undefined) checkLength("rowStats", `out.${name}`, array, n);
    }
    for (let i = 0; i < n; i++) {
      let first = Number.NEGATIVE_INFINITY;
      let second = Number.NEGATIVE_INFINITY;
      let firstIndex = c > 0 ? 0 : -1;
      let entropy = 0;
      for (let j = 0; j < c; j++) {
        const value = p[i * c + j];
        if (value > first) {
          second = first;
          first = value;
          firstIndex = j;
        } else if (value > second) {
          second = value;
        }
        if (!(value <= 0)) entropy -= value * Math.log(value);
      }
      if (out.top1 !== undefined) out.top1[i] = c > 0 ? first : 0;
      if (out.top2 !== undefined) out.top2[i] = c > 1 ? second : 0;
      if (out.argmax !== undefined) out.argmax[i] = firstIndex;
      if (out.entropy !== undefined) out.entropy[i] = entropy;
    }
  },

  rowNorms(x, n, d, out) {
    checkLength("rowNorms", "x", x, n * d);
    checkLength("rowNorms", "out", out, n);
    for (let i = 0; i < n; i++) {
      let total = 0;
      for (let j = 0; j < d; j++) total += x[i * d + j] * x[i * d + j];
      out[i] = total;
    }
  },

  distanceUpdate({ x, n, d, norms, center, centerNorm, minDist, closest, centerIndex = -1 }) {
    checkLength("distanceUpdate", "x", x, n * d);
    checkLength("distanceUpdate", "norms", norms, n);
    checkLength("distanceUpdate", "center", center, d);
    checkLength("distanceUpdate", "minDist", minDist, n);
    if (closest !== undefined) checkLength("distanceUpdate", "closest", closest, n);
    let farthest = -1;
    let farthestDistance = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      let product = 0;
      for (let j = 0; j < d; j++) product += x[i * d + j] * center[j];
      const distance = Math.max(0, Math.fround(norms[i] + centerNorm - 2 * product));
      if (distance < minDist[i]) {
        minDist[i] = distance;
        if (closest !== undefined) closest[i] = centerIndex;
      }
      if (minDist[i] >= 0 && minDist[i] > farthestDistance) {
        farthestDistance = minDist[i];
        farthest = i;
      }
    }
    return farthest;
  },

  addBias(x, n, c, bias) {
    checkLength("addBias", "x", x, n * c);
    checkLength("addBias", "bias", bias, c);
    for (let i = 0; i < n; i++) for (let j = 0; j < c; j++) x[i * c + j] += bias[j];
  },

  columnSums(x, n, c, out) {
    checkLength("columnSums", "x", x, n * c);
    checkLength("columnSums", "out", out, c);
    for (let j = 0; j < c; j++) {
      let total = 0;
      for (let i = 0; i < n; i++) total += x[i * c + j];
      out[j] = total;
    }
  },

  gatherRows({ x, d, rows, out }) {
    checkLength("gatherRows", "out", out, rows.length * d);
    for (let i = 0; i < rows.length; i++) {
      if (rows[i] < 0 || (rows[i] + 1) * d > x.length) {
        throw new RangeError(`gatherRows: row ${rows[i]} at position ${i} lies outside the ${x.length} values of x.`);
      }
      out.set(x.subarray(rows[i] * d, (rows[i] + 1) * d), i * d);
    }
  },

  axpy(alpha, x, y) {
    checkLength("axpy", "y", y, x.length);
    for (let i = 0; i < x.length; i++) y[i] += alpha * x[i];
  },

  scale(alpha, x) {
    for (let i = 0; i < x.length; i++) x[i] *= alpha;
  },

  sum(x) {
    let total = 0;
    for (let i = 0; i < x.length; i++) total += x[i];
    return total;
  },

  dot(x, y) {
    checkLength("dot", "y", y, x.length);
    let total = 0;
    for (let i = 0; i < x.length; i++) total += x[i] * y[i];
    return total;
  },

  exp(x) {
    for (let i = 0; i < x.length; i++) x[i] = Math.exp(x[i]);
  },

  log(x) {
    for (let i = 0; i < x.length; i++) x[i] = Math.log(x[i]);
  },
};
