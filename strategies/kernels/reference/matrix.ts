import { checkLength, windowCount } from "../checkLength";
import type { Kernels } from "../types";

type MatrixKernels = Pick<
  Kernels,
  "gemm" | "im2col" | "col2im" | "cholesky" | "choleskySolve" | "solveLower" | "solveLowerTransposed"
>;

/** Matrix kernels written for reading, not for speed: sums in float64, stored as float32. */
export const matrixReference: MatrixKernels = {
  gemm({ m, n, k, a, b, out, transA = false, transB = false, alpha = 1, beta = 0 }) {
    checkLength("gemm", "a", a, m * k);
    checkLength("gemm", "b", b, k * n);
    checkLength("gemm", "out", out, m * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let l = 0; l < k; l++) {
          total += a[transA ? l * m + i : i * k + l] * b[transB ? j * k + l : l * n + j];
        }
        out[i * n + j] = alpha * total + (beta === 0 ? 0 : beta * out[i * n + j]);
      }
    }
  },

  im2col(shape) {
    const columnsLength = forEachPatchValue(shape, () => undefined);
    checkLength("im2col", "x", shape.x, shape.n * shape.h * shape.w * shape.c);
    checkLength("im2col", "out", shape.out, columnsLength);
    forEachPatchValue(shape, (column, pixel) => {
      shape.out[column] = pixel < 0 ? 0 : shape.x[pixel];
    });
  },

  col2im(shape) {
    const nPixels = shape.n * shape.h * shape.w * shape.c;
    checkLength(
      "col2im",
      "columns",
      shape.columns,
      forEachPatchValue(shape, () => undefined),
    );
    checkLength("col2im", "out", shape.out, nPixels);
    const totals = new Float64Array(nPixels);
    forEachPatchValue(shape, (column, pixel) => {
      if (pixel >= 0) totals[pixel] += shape.columns[column];
    });
    shape.out.set(totals);
  },

  cholesky(a, n) {
    checkLength("cholesky", "a", a, n * n);
    for (let j = 0; j < n; j++) {
      for (let i = j; i < n; i++) {
        let total = a[i * n + j];
        for (let l = 0; l < j; l++) total -= a[i * n + l] * a[j * n + l];
        if (i === j) {
          if (!(total > 0) || total === Number.POSITIVE_INFINITY) return false;
          a[j * n + j] = Math.sqrt(total);
        } else {
          a[i * n + j] = total / a[j * n + j];
        }
      }
      for (let i = 0; i < j; i++) a[i * n + j] = 0;
    }
    return true;
  },

  choleskySolve(l, n, b, r) {
    matrixReference.solveLower(l, n, b, r);
    matrixReference.solveLowerTransposed(l, n, b, r);
  },

  solveLower(l, n, b, r) {
    checkLength("solveLower", "l", l, n * n);
    checkLength("solveLower", "b", b, n * r);
    for (let i = 0; i < n; i++) {
      for (let q = 0; q < r; q++) {
        let total = b[i * r + q];
        for (let j = 0; j < i; j++) total -= l[i * n + j] * b[j * r + q];
        b[i * r + q] = total / l[i * n + i];
      }
    }
  },

  solveLowerTransposed(l, n, b, r) {
    checkLength("solveLowerTransposed", "l", l, n * n);
    checkLength("solveLowerTransposed", "b", b, n * r);
    for (let i = n - 1; i >= 0; i--) {
      for (let q = 0; q < r; q++) {
        let total = b[i * r + q];
        for (let j = i + 1; j < n; j++) total -= l[j * n + i] * b[j * r + q];
        b[i * r + q] = total / l[i * n + i];
      }
    }
  },
};

interface PatchShape {
  n: number;
  h: number;
  w: number;
  c: number;
  kh: number;
  kw: number;
  stride: number;
  pad: number;
}

/** Visits every value of the unfolded columns with the flat pixel index it reads, or −1 for padding. Returns their count. */
function forEachPatchValue(shape: PatchShape, visit: (column: number, pixel: number) => void): number {
  const { n, h, w, c, kh, kw, stride, pad } = shape;
  const outHeight = windowCount(h, kh, stride, pad);
  const outWidth = windowCount(w, kw, stride, pad);
  let column = 0;
  for (let image = 0; image < n; image++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let ky = 0; ky < kh; ky++) {
          for (let kx = 0; kx < kw; kx++) {
            const y = oy * stride + ky - pad;
            const x = ox * stride + kx - pad;
            const inside = y >= 0 && y < h && x >= 0 && x < w;
            for (let channel = 0; channel < c; channel++) {
              visit(column++, inside ? ((image * h + y) * w + x) * c + channel : -1);
            }
          }
        }
      }
    }
  }
  return column;
}
