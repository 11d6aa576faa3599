// Kernels over NHWC images. A patch row of kw·c values is contiguous in the image, so unfolding is short copies.

import { addFloats, copyFloats } from "./vectors";

@inline function clearFloats(to: usize, count: usize): void {
  let left = count;
  for (; left >= 4; left -= 4, to += 16) v128.store(to, i32x4.splat(0));
  for (; left > 0; left--, to += 4) store<f32>(to, 0);
}

export function im2col(
  x: usize, n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, stride: i32, pad: i32, oh: i32, ow: i32, out: usize,
): void {
  for (let image: i32 = 0; image < n; image++) {
    for (let oy: i32 = 0; oy < oh; oy++) {
      for (let ox: i32 = 0; ox < ow; ox++) {
        const left = ox * stride - pad;
        const from = max<i32>(0, -left), until = min<i32>(kw, w - left);
        for (let ky: i32 = 0; ky < kh; ky++) {
          const y = oy * stride + ky - pad;
          if (y < 0 || y >= h || from >= until) {
            clearFloats(out, kw * c);
          } else {
            clearFloats(out, from * c);
            const pixel = x + <usize>(((image * h + y) * w + left + from) * c) * 4;
            copyFloats(out + <usize>(from * c) * 4, pixel, (until - from) * c);
            clearFloats(out + <usize>(until * c) * 4, (kw - until) * c);
          }
          out += <usize>(kw * c) * 4;
        }
      }
    }
  }
}

export function col2im(
  columns: usize, n: i32, h: i32, w: i32, c: i32, kh: i32, kw: i32, stride: i32, pad: i32, oh: i32, ow: i32, out: usize,
): void {
  memory.fill(out, 0, <usize>n * h * w * c * 4);
  for (let image: i32 = 0; image < n; image++) {
    for (let oy: i32 = 0; oy < oh; oy++) {
      for (let ox: i32 = 0; ox < ow; ox++) {
        const left = ox * stride - pad;
        const from = max<i32>(0, -left), until = min<i32>(kw, w - left);
        for (let ky: i32 = 0; ky < kh; ky++) {
          const y = oy * stride + ky - pad;
          if (y >= 0 && y < h && from < until) {
            const pixel = out + <usize>(((image * h + y) * w + left + from) * c) * 4;
            addFloats(pixel, columns + <usize>(from * c) * 4, (until - from) * c);
          }
          columns += <usize>(kw * c) * 4;
        }
      }
    }
  }
}

/** `base` is the flat index of x's first value in the whole array, for `argmax`. */
export function maxPool(
  x: usize, base: i32, n: i32, h: i32, w: i32, c: i32, size: i32, stride: i32, oh: i32, ow: i32, out: usize, argmax: usize,
): void {
  for (let image: i32 = 0; image < n; image++) {
    for (let oy: i32 = 0; oy < oh; oy++) {
      for (let ox: i32 = 0; ox < ow; ox++) {
        const corner = ((image * h + oy * stride) * w + ox * stride) * c;
        let channel: i32 = 0;
        for (; channel + 4 <= c; channel += 4) {
          const start = corner + channel;
          let best = v128.load(x + <usize>start * 4);
          let bestIndex = i32x4.add(i32x4.splat(start + base), i32x4(0, 1, 2, 3));
          for (let ky: i32 = 0; ky < size; ky++) {
            for (let kx: i32 = 0; kx < size; kx++) {
              const pixel = start + (ky * w + kx) * c;
              const v = v128.load(x + <usize>pixel * 4);
              const isLarger = f32x4.gt(v, best);
              best = v128.bitselect(v, best, isLarger);
              bestIndex = v128.bitselect(i32x4.add(i32x4.splat(pixel + base), i32x4(0, 1, 2, 3)), bestIndex, isLarger);
            }
          }
          v128.store(out, best);
          v128.store(argmax, bestIndex);
          out += 16;
          argmax += 16;
        }
        for (; channel < c; channel++) {
          let best = corner + channel;
          for (let ky: i32 = 0; ky < size; ky++) {
            for (let kx: i32 = 0; kx < size; kx++) {
              const pixel = corner + channel + (ky * w + kx) * c;
              if (load<f32>(x + <usize>pixel * 4) > load<f32>(x + <usize>best * 4)) best = pixel;
            }
          }
          store<f32>(out, load<f32>(x + <usize>best * 4));
          store<i32>(argmax, best + base);
          out += 4;
          argmax += 4;
        }
      }
    }
  }
}

/** Positions must have been checked by the host. */
export function maxPoolBackward(gradient: usize, nOutput: usize, argmax: usize, out: usize, nInput: usize): void {
  memory.fill(out, 0, nInput * 4);
  for (let i: usize = 0; i < nOutput; i++) {
    const at = out + <usize>load<u32>(argmax + i * 4) * 4;
    store<f32>(at, load<f32>(at) + load<f32>(gradient + i * 4));
  }
}
