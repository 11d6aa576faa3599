import { AppError } from "@/server/errors";
import type { FormatRecord, ReadOptions } from "../format";
import { readText } from "../text/readText";
import { ListSplitter } from "./listSplitter";

/** Reads a JSON list of objects, entry by entry. Memory: one entry and one chunk. */
export async function* readJson(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<FormatRecord, void, undefined> {
  const list = new ListSplitter(options.recordBytesMax);
  for await (const chunk of readText(source)) for (const record of list.push(chunk)) yield record;
  for (const record of list.end()) yield record;
  if (list.isUnopened) {
    throw new AppError("E_UNSUPPORTED_FORMAT", "The file is empty; expected a JSON list of objects: [ {…}, {…} ].");
  }
}
