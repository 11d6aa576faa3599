import { AppError } from "../../errors";
import type { BlobStore } from "../../storage";

/**
 * Copies the vectors of rows startRow … startRow + nRows − 1 out of ingested chunks into `out` (nRows × dim, zero before).
 * A chunk is int32 rows[n], then float32 values[n × dim]; later chunks win.
 *
 * @param hasVector one byte per row, set to 1 where a vector was found.
 * Cost: reads every chunk's rows (4 bytes each), and of the values only the stretches that are needed.
 */
export async function assembleEmbeddings(
  storage: BlobStore,
  chunks: readonly { key: string; nRows: number }[],
  range: { startRow: number; nRows: number; dim: number },
  out: Float32Array,
  hasVector: Uint8Array,
): Promise<void> {
  const { startRow, nRows, dim } = range;
  for (const chunk of chunks) {
    const rows = new Int32Array(chunk.nRows);
    await storage.readRange(chunk.key, 0, new Uint8Array(rows.buffer));
    const isWanted = (i: number) => rows[i] >= startRow && rows[i] < startRow + nRows;
    for (let i = 0; i < chunk.nRows; ) {
      if (!isWanted(i)) {
        i++;
        continue;
      }
      let end = i + 1;
      while (end < chunk.nRows && isWanted(end)) end++;
      const values = new Float32Array((end - i) * dim);
      await storage.readRange(chunk.key, 4 * (chunk.nRows + i * dim), new Uint8Array(values.buffer));
      for (let p = i; p < end; p++) {
        const vector = values.subarray((p - i) * dim, (p - i + 1) * dim);
        if (!vector.every(Number.isFinite)) {
          throw new AppError("E_BAD_ROWS", `The ingested vector of row ${rows[p]} holds a value that is not finite.`, {
            details: { row: rows[p], chunk: chunk.key },
          });
        }
        out.set(vector, (rows[p] - startRow) * dim);
        hasVector[rows[p] - startRow] = 1;
      }
      i = end;
    }
  }
}
