import { openRoundArray, readRoundManifest } from "../../acquisition";
import { pathNumber } from "./requestBody";
import { jsonResponse } from "./responses";
import type { RestCall } from "./restRoute";

type RoundParams = { id: string; number: string };

/** `GET /rounds/:n/manifest`: what `winnow replay` needs to select the round's items again. */
export async function getManifest(call: RestCall<RoundParams>): Promise<Response> {
  const number = pathNumber(call.params.number, "a round");
  return jsonResponse(await readRoundManifest(call, call.project.id, number));
}

/** `GET /rounds/:n/arrays/:key`: one array that the manifest names, as raw bytes. Other keys are not found. */
export async function getRoundArray(call: RestCall<RoundParams & { key: string[] }>): Promise<Response> {
  const number = pathNumber(call.params.number, "a round");
  // Keys hold slashes, sent as they are or escaped.
  const key = call.params.key.map(decodeSegment).join("/");
  const { size, bytes } = await openRoundArray(call, call.project.id, number, key);
  const iterator = bytes[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(size),
      "content-disposition": "attachment",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not an escape: the manifest will not name it either.
    return segment;
  }
}
