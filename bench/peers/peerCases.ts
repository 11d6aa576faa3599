import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OptionValues } from "@/strategies";

/** One selection that our library and its peers make on the same files. */
export interface PeerCase {
  readonly name: string;
  /** Name of the case in `selection.py`. */
  readonly method: string;
  readonly use: string;
  readonly options?: OptionValues;
  readonly n: number;
  /** 0: no predictions. */
  readonly nClasses: number;
  /** 0: no embeddings. */
  readonly dim: number;
  readonly labelled: number;
  readonly batch: number;
  readonly peers: readonly string[];
  /** Both make the same picks, so that their agreement says something. */
  readonly isDeterministic: boolean;
}

const LARGE = { n: 50_000, nClasses: 10, dim: 512, labelled: 100, batch: 200 } as const;

export const PEER_CASES: readonly PeerCase[] = [
  {
    ...{ name: "margin, 20,000 of 10M × 10", method: "margin", use: "margin", isDeterministic: true },
    ...{ n: 10_000_000, nClasses: 10, dim: 0, labelled: 0, batch: 20_000 },
    peers: ["numpy", "scikit-activeml", "modal", "baal", "small-text"],
  },
  {
    ...{ name: "k-center, 200 of 50k × 512", method: "k-center", use: "k-center-greedy", isDeterministic: true },
    ...LARGE,
    peers: ["numpy", "scikit-activeml", "small-text"],
  },
  {
    ...{ name: "BADGE, 200 of 50k × 512, 10 classes", method: "badge", use: "badge", isDeterministic: false },
    ...LARGE,
    peers: ["numpy", "scikit-activeml"],
  },
  {
    ...{ name: "Cluster-Margin, 200 of 50k × 512", method: "cluster-margin", use: "cluster-margin" },
    ...{ ...LARGE, isDeterministic: false, peers: ["numpy"] },
  },
  {
    ...{ name: "BAIT, 10 of 5,000 × 32, 10 classes", method: "bait", use: "bait", isDeterministic: true },
    ...{ n: 5_000, nClasses: 10, dim: 32, labelled: 50, batch: 10, peers: ["numpy"] },
  },
  {
    ...{ name: "TypiClust, 50 of 10k × 512", method: "typiclust", use: "typiclust", isDeterministic: false },
    ...{ n: 10_000, nClasses: 0, dim: 512, labelled: 0, batch: 50, peers: ["scikit-activeml"] },
  },
  {
    ...{ name: "ProbCover, 100 of 10k × 512", method: "probcover", use: "probcover", isDeterministic: false },
    ...{ n: 10_000, nClasses: 0, dim: 512, labelled: 0, batch: 100, peers: ["scikit-activeml"] },
  },
];

/** The same case on a pool small enough for a test. */
export function smallCase(peerCase: PeerCase): PeerCase {
  const n = Math.max(200, Math.round(peerCase.n / 100));
  return { ...peerCase, n, dim: Math.min(16, peerCase.dim), labelled: Math.min(10, peerCase.labelled), batch: 5 };
}

/** Writes probabilities.npy, embeddings.npy, labelled.npy and radius.npy as the case has them. */
export function writePool(folder: string, peerCase: PeerCase): void {
  mkdirSync(folder, { recursive: true });
  const { n, nClasses, dim, labelled } = peerCase;
  if (nClasses > 0) writeNpy(join(folder, "probabilities.npy"), probabilities(n, nClasses), [n, nClasses]);
  if (dim > 0) {
    const x = clusters(n, dim);
    writeNpy(join(folder, "embeddings.npy"), x, [n, dim]);
    writeNpy(join(folder, "radius.npy"), Float32Array.of(radiusOf(x, n, dim)), [1]);
  }
  writeNpy(
    join(folder, "labelled.npy"),
    Int32Array.from({ length: labelled }, (_, i) => i),
    [labelled],
  );
}

/** NumPy's format, version 1: a magic word, a padded header, the numbers. */
function writeNpy(path: string, values: Float32Array | Int32Array, shape: readonly number[]): void {
  const descr = values instanceof Float32Array ? "<f4" : "<i4";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const header = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11, " ");
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(header.length + 1, 8);
  const body = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  writeFileSync(path, Buffer.concat([head, Buffer.from(`${header}\n`, "latin1"), body]));
}

/** A cheap integer hash to [0, 1): these are test data, not draws that decide anything. */
function noise(i: number): number {
  let h = Math.imul(i ^ (i >>> 16), 0x45d9f3b);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Softmax of a class that the cluster favours plus noise: a trained model, sure of most rows. */
function probabilities(n: number, nClasses: number): Float32Array {
  const p = new Float32Array(n * nClasses);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let c = 0; c < nClasses; c++) {
      const value = Math.exp((i % nClasses === c ? 4 : 0) + 4 * noise(i * nClasses + c + 77));
      p[i * nClasses + c] = value;
      sum += value;
    }
    for (let c = 0; c < nClasses; c++) p[i * nClasses + c] /= sum;
  }
  return p;
}

/** A hundred clusters with noise around them. */
function clusters(n: number, dim: number): Float32Array {
  const x = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < dim; j++)
      x[i * dim + j] = noise(((i % 100) + 1) * 7919 + j) - 0.5 + 0.6 * noise(i * dim + j + 13);
  }
  return x;
}

/** Distance of unit vectors below which about one pair in a hundred lies. */
function radiusOf(x: Float32Array, n: number, dim: number): number {
  const rows = Array.from({ length: 300 }, (_, i) => Math.floor(noise(i + 5) * n));
  const length = (row: number) => Math.hypot(...x.subarray(row * dim, (row + 1) * dim));
  const squares: number[] = [];
  for (const a of rows) {
    for (const b of rows) {
      if (a <= b) continue;
      let dot = 0;
      for (let j = 0; j < dim; j++) dot += x[a * dim + j] * x[b * dim + j];
      squares.push(2 - (2 * dot) / (length(a) * length(b)));
    }
  }
  squares.sort((a, b) => a - b);
  return Math.sqrt(squares[Math.floor(squares.length / 100)]);
}
