import { writeFile } from "node:fs/promises";
import type { Bitmap, JsonValue, Pool, RowMatrix } from "@/strategies";
import { listPicks, runSpec } from "@/strategies";
import { readKernelsHash } from "../../models";
import type { BlobStore } from "../../storage";
import type { MatrixRef, SelectedRound, SelectPayload, SelectResult } from "../protocol";
import { openShardMatrix } from "../shardMatrix";
import type { TaskContext } from "../taskContext";

/** Kernel memory that a pool's matrices may fill; the rest is for the strategies. */
const RESIDENT_BYTES_MAX = 2.5 * 2 ** 30;

/** Runs a spec on a stored snapshot of the pool and writes the selection, as JSON, to a scratch file. */
export async function select(context: TaskContext, payload: SelectPayload): Promise<SelectResult> {
  const { kernels, storage } = context;
  const opened: { close: () => Promise<void> }[] = [];
  let budget = RESIDENT_BYTES_MAX;
  const open = (ref: MatrixRef | null): RowMatrix | undefined => {
    if (ref === null || ref.shards.length === 0) return undefined;
    const matrix = openShardMatrix(storage, kernels, ref, budget);
    if (matrix.isResident) budget -= matrix.matrix.n * matrix.matrix.dim * 4;
    opened.push(matrix);
    return matrix.matrix;
  };
  const eligible: Bitmap = { size: payload.n, words: new Uint32Array(await readBuffer(storage, payload.eligibleKey)) };
  const pool: Pool = {
    n: payload.n,
    nClasses: payload.nClasses,
    eligible,
    labelled: {
      rows: new Uint32Array(await readBuffer(storage, payload.labelledRowsKey)),
      classes: new Int32Array(await readBuffer(storage, payload.labelledClassesKey)),
    },
    pending: new Uint32Array(await readBuffer(storage, payload.pendingKey)),
    skipped: new Uint32Array(await readBuffer(storage, payload.skippedKey)),
    probabilities: open(payload.probabilities),
    embeddings: open(payload.embeddings),
    head: await readHead(storage, payload.head),
  };
  try {
    const selection = await runSpec(payload.spec, pool, payload.batchSize, {
      kernels,
      seed: payload.seed,
      frameSeed: payload.frameSeed,
      taskKind: "single-label",
      states: payload.states as Record<string, JsonValue>,
      progress: (stage, done, total) => context.progress(done, total, stage),
    });
    const selected: SelectedRound = {
      picks: listPicks(selection),
      status: selection.status,
      notices: selection.notices,
      summaries: selection.summaries,
      states: selection.states,
      eligible: selection.eligible,
      spec: selection.spec,
      specHash: selection.specHash,
      kernels: selection.kernels,
      kernelsSha256: selection.kernels === "wasm" ? await readKernelsHash() : null,
    };
    await writeFile(payload.outPath, JSON.stringify(selected));
    return { nPicked: selected.picks.length };
  } finally {
    for (const matrix of opened) await matrix.close();
  }
}

async function readHead(storage: BlobStore, head: SelectPayload["head"]): Promise<Pool["head"]> {
  if (head === null) return undefined;
  const floats = async (key: string) => new Float32Array(await readBuffer(storage, key));
  return { weights: await floats(head.weightsKey), bias: await floats(head.biasKey) };
}

async function readBuffer(storage: BlobStore, key: string): Promise<ArrayBuffer> {
  return (await storage.get(key)).buffer;
}
