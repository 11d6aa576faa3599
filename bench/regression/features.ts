import { closeSync, openSync, writeSync } from "node:fs";

/** How the variance of the features falls off. */
export type Spectrum = "decaying" | "isotropic";

const CENTERS = 64;

/**
 * Features like those of a trained network: 64 groups whose spread along direction j is exp(−j/(d/6)) (`decaying`), or the
 * hard case for bounds, the same spread everywhere and no groups (`isotropic`). Written into `out`, n×d.
 */
export function fillFeatures(out: Float32Array, n: number, d: number, spectrum: Spectrum, seed: number): void {
  const next = normals(seed);
  const spread = Float64Array.from({ length: d }, (_, j) => (spectrum === "decaying" ? Math.exp(-j / (d / 6)) : 1));
  const centers = Float64Array.from({ length: CENTERS * d }, () => next());
  for (let i = 0; i < n; i++) {
    const center = (i % CENTERS) * d;
    for (let j = 0; j < d; j++) {
      const noise = next();
      out[i * d + j] = spectrum === "decaying" ? spread[j] * (centers[center + j] + 0.5 * noise) : noise;
    }
  }
}

/** Standard normal numbers from a 32-bit xorshift: quick, and good enough to time with. */
function normals(seed: number): () => number {
  let state = (Math.imul(seed, 2654435761) | 1) >>> 0;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 4294967296;
  };
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** A float32 matrix as a NumPy file, for the peers. */
export function writeNpy(path: string, values: Float32Array, n: number, d: number): void {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${n}, ${d}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, " ");
  header.write("\x93NUMPY\x01\x00", 0, "latin1");
  header.writeUInt16LE(length, 8);
  header.write(text, 10, "latin1");
  header[9 + length] = 10;
  const file = openSync(path, "w");
  try {
    writeSync(file, header);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, n * d * 4);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(1 << 28, bytes.length - at));
  } finally {
    closeSync(file);
  }
}
