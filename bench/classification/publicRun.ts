import type { Pool } from "@/strategies";
import { arrayMatrix, bitmapFromRows, clearBit, runSpec } from "@/strategies";
import type { Kernels } from "@/strategies/kernels";
import { KernelSvm, rbfKernel } from "./kernelSvm";
import type { PublicSet } from "./publicSets";
import { standardised, stratifiedSplit } from "./publicSets";

const TEST_SHARE = 0.4;
const INITIAL = 20;

/** Test accuracies from 20 labels to the whole pool, one label at a time, of each spec on the same split. */
export async function publicRun(
  set: PublicSet,
  specs: Readonly<Record<string, unknown>>,
  seed: number,
  kernels: Kernels,
): Promise<Record<string, number[]>> {
  const split = stratifiedSplit(set.y, TEST_SHARE, INITIAL, `${set.name}/${seed}`);
  const x = standardised(set, split.pool);
  const kernel = rbfKernel(x, set.n, set.d, 1 / set.d);
  const curves: Record<string, number[]> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const svm = new KernelSvm(kernel, set.y);
    const eligible = bitmapFromRows(set.n, Uint32Array.from(split.pool));
    const labelled: number[] = [];
    const label = (row: number) => {
      svm.add(row);
      labelled.push(row);
      clearBit(eligible, row);
    };
    split.initial.forEach(label);
    const embeddings = arrayMatrix(Float32Array.from(x), set.n, set.d);
    const curve: number[] = [];
    for (;;) {
      svm.train();
      const right = split.test.filter((row) => (svm.decision(row) > 0 ? 1 : 0) === set.y[row]).length;
      curve.push(right / split.test.length);
      if (labelled.length === split.pool.length) break;
      const pool: Pool = {
        n: set.n,
        nClasses: 2,
        eligible,
        labelled: { rows: Uint32Array.from(labelled), classes: Int32Array.from(labelled, (row) => set.y[row]) },
        probabilities: arrayMatrix(sigmoids(svm, set.n), set.n, 2),
        embeddings,
      };
      const selection = await runSpec(spec, pool, 1, { kernels, seed: `${set.name}/${seed}/${labelled.length}` });
      label(selection.rows[0]);
    }
    curves[name] = curve;
  }
  return curves;
}

/** Decision values as probabilities, by the logistic function: the order of margins is that of |decision|. */
function sigmoids(svm: KernelSvm, n: number): Float64Array {
  const out = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    out[2 * i + 1] = 1 / (1 + Math.exp(-svm.decision(i)));
    out[2 * i] = 1 - out[2 * i + 1];
  }
  return out;
}
