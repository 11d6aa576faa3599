import { z } from "zod";
import { ingestEmbeddingsInput, ingestPredictionsInput } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { AppError } from "../../errors";
import { readUtf8, refuseOtherCharset } from "../strictUtf8";
import { bodyOf } from "./requestBody";

/** Bytes of the line of JSON before the numbers: ids of 5,000 items at their longest, escaped, and some room. */
const HEADER_BYTES_MAX = 8 * 1024 * 1024;
const NEWLINE = 10;

const { externalIds } = ingestEmbeddingsInput.shape;
export const embeddingsHeader = z.object({ externalIds });
export const predictionsHeader = z.object({ externalIds, classes: ingestPredictionsInput.shape.classes });

/**
 * Reads a body of one line of JSON followed by raw float32 values. @throws E_BAD_INPUT when the line is not there or not
 * UTF-8, E_TOO_LARGE, a ZodError when the line does not fit.
 */
export async function readVectorBody<T>(
  request: Request,
  schema: z.ZodType<T>,
): Promise<{ header: T; data: Uint8Array }> {
  refuseOtherCharset(request.headers.get("content-type"));
  const parts: Uint8Array[] = [];
  for await (const chunk of bodyOf(request, LIMITS.ingestBytes + HEADER_BYTES_MAX)) parts.push(chunk);
  const bytes = Buffer.concat(parts);
  const end = bytes.indexOf(NEWLINE);
  const line = end < 0 || end > HEADER_BYTES_MAX ? undefined : readUtf8(bytes.subarray(0, end));
  let json: unknown;
  try {
    json = line === undefined ? undefined : JSON.parse(line);
  } catch {
    // Refused below, in the same words.
    json = undefined;
  }
  if (json === undefined) {
    throw new AppError(
      "E_BAD_INPUT",
      'Expected one line of JSON such as {"externalIds":["a","b"]}, a line feed, then float32 values (little-endian, item by item).',
    );
  }
  return { header: schema.parse(json), data: bytes.subarray(end + 1) };
}
