import { ingestEmbeddingsInput } from "@/contracts/ingestion";
import { attachEmbeddings } from "../../ingestion";
import { requiredParameter } from "./requestBody";
import { jsonResponse } from "./responses";
import type { RestCall } from "./restRoute";
import { embeddingsHeader, readVectorBody } from "./vectors";

const parameters = ingestEmbeddingsInput.pick({ name: true, dim: true });

/** `POST /embeddings?name=&dim=`: a line `{"externalIds":[…]}`, then raw float32 values, item by item. */
export async function postEmbeddings(call: RestCall<{ id: string }>): Promise<Response> {
  const { name, dim } = parameters.parse({
    name: requiredParameter(call.url, "name", "my-encoder"),
    dim: Number(requiredParameter(call.url, "dim", "384")),
  });
  const { header, data } = await readVectorBody(call.request, embeddingsHeader);
  return jsonResponse(await attachEmbeddings(call, { name, dim, externalIds: header.externalIds, data }));
}
